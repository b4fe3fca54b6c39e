//! The check of ECDSA (SEC 1 §4.1.4) on the curves, with the digests and by the points
//! that ring does not take.
#![warn(clippy::arithmetic_side_effects)]

use bp256::{BrainpoolP256r1, BrainpoolP256t1};
use bp384::{BrainpoolP384r1, BrainpoolP384t1};
use ecdsa::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ecdsa::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize};
use ecdsa::signature::hazmat::PrehashVerifier;
use ecdsa::{EcdsaCurve, Signature, VerifyingKey};
use p256::NistP256;
use p384::NistP384;
use p521::NistP521;

use super::Verification;
use super::key::{Curve, EcKey};
use crate::crypto::algorithm::SignatureAlgorithm;
use crate::crypto::digest::Digest;
use crate::crypto::value::Halves;

pub(super) fn check(
    key: &EcKey<'_>,
    algorithm: SignatureAlgorithm,
    digest: &Digest,
    value: &[u8],
) -> Verification {
    let Some(octets) = key.curve.octets() else { return Verification::Unsupported };
    let full = match algorithm {
        SignatureAlgorithm::PlainEcdsa(_) => Some(value.to_vec()),
        _ => Halves::read(value).and_then(|halves| halves.at_full_length(octets)),
    };
    let Some(full) = full else { return Verification::Invalid };
    let on_curve = match key.curve {
        Curve::P256 => on_curve::<NistP256>,
        Curve::P384 => on_curve::<NistP384>,
        Curve::P521 => on_curve::<NistP521>,
        Curve::BrainpoolP256r1 => on_curve::<BrainpoolP256r1>,
        Curve::BrainpoolP256t1 => on_curve::<BrainpoolP256t1>,
        Curve::BrainpoolP384r1 => on_curve::<BrainpoolP384r1>,
        Curve::BrainpoolP384t1 => on_curve::<BrainpoolP384t1>,
        Curve::Other => return Verification::Unsupported,
    };
    if on_curve(key.point, digest.value(), &full) {
        Verification::Valid
    } else {
        Verification::Invalid
    }
}

/// Whether this is a point of the curve, both numbers are at full length and in range, and
/// they hold for the digest.
fn on_curve<C>(point: &[u8], digest: &[u8], value: &[u8]) -> bool
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let key = VerifyingKey::<C>::from_sec1_bytes(point);
    let value = Signature::<C>::from_slice(value);
    matches!((key, value), (Ok(key), Ok(value)) if key.verify_prehash(digest, &value).is_ok())
}
