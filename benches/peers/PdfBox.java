import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.util.Version;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.util.Selector;

/**
 * The signature of a PDF, found by PDFBox and verified by Bouncy Castle, again and again; beside
 * it SHA-256 over the document and the bare operation of the key. No path is followed, and what
 * the file holds besides is not looked at.
 *
 * <p>{@code PdfBox KEY.pem CERTIFICATE.pem FILE}
 */
class PdfBox {
    static final byte[] MESSAGE = new byte[200];

    static byte[] file;
    static X509Certificate certificate;
    static String algorithm;
    static byte[] value;
    /** What came of it, so that none of the work can be left out. */
    static int seen;

    public static void main(String[] arguments) throws Exception {
        try (var in = Files.newInputStream(Path.of(arguments[1]))) {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        file = Files.readAllBytes(Path.of(arguments[2]));
        bareSign(Files.readString(Path.of(arguments[0])));
        Turns.take("PDFBox " + Version.getVersion(), PdfBox::floor, PdfBox::verify);
    }

    static void bareSign(String pem) throws Exception {
        var name = certificate.getPublicKey().getAlgorithm();
        algorithm = "SHA256with" + (name.equals("EC") ? "ECDSA" : name);
        var der = Base64.getDecoder().decode(pem.replaceAll("-----[^\n]*|\n", ""));
        var bare = Signature.getInstance(algorithm);
        bare.initSign(KeyFactory.getInstance(name).generatePrivate(new PKCS8EncodedKeySpec(der)));
        bare.update(MESSAGE);
        value = bare.sign();
    }

    static void floor() throws Exception {
        seen += MessageDigest.getInstance("SHA-256").digest(file)[0];
        var bare = Signature.getInstance(algorithm);
        bare.initVerify(certificate.getPublicKey());
        bare.update(MESSAGE);
        seen += bare.verify(value) ? 1 : 0;
    }

    static void verify() throws Exception {
        try (var document = PDDocument.load(file)) {
            var signature = document.getLastSignatureDictionary();
            var covered = signature.getSignedContent(new ByteArrayInputStream(file));
            var content = new CMSProcessableByteArray(covered);
            var signed = new CMSSignedData(content, signature.getContents(new ByteArrayInputStream(file)));
            for (SignerInformation signer : signed.getSignerInfos().getSigners()) {
                verify(signed, signer);
            }
        }
    }

    @SuppressWarnings("unchecked")
    static void verify(CMSSignedData signed, SignerInformation signer) throws Exception {
        Selector<X509CertificateHolder> named = signer.getSID();
        var own = signed.getCertificates().getMatches(named).iterator().next();
        if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().build(own))) {
            throw new IllegalStateException("the signature does not hold");
        }
        seen++;
    }
}
