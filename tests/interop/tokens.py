"""What pyHanko makes of time-stamp tokens, each at its own time, a line each: good, or why not.

    tokens.py ROOT DOCUMENT TOKEN...
"""

import asyncio
import hashlib
import logging
import sys
from pathlib import Path

from asn1crypto import cms
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign.validation.generic_cms import TimestampSignatureStatus, validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)


async def judge(root, document, token):
    signed = cms.ContentInfo.load(token)["content"]
    time = signed["encap_content_info"]["content"].parsed["gen_time"].native
    context = ValidationContext(trust_roots=[root], moment=time, revocation_mode="soft-fail")
    status = TimestampSignatureStatus(**await validate_tst_signed_data(
        signed, context, lambda algorithm: hashlib.new(algorithm, document).digest()))
    return "good" if status.valid and status.intact and status.trusted else status.summary()


def main(root, document, *tokens):
    for token in tokens:
        try:
            said = asyncio.run(judge(load_cert_from_pemder(root), Path(document).read_bytes(),
                                     Path(token).read_bytes()))
        except Exception as error:  # a peer may fail in any way
            said = f"{type(error).__name__}: {error}"
        print(said.replace("\n", " "))


if __name__ == "__main__":
    main(*sys.argv[1:])
