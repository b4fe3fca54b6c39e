import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.SAXParserFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.xml.sax.helpers.DefaultHandler;

/**
 * Enveloped XML signatures by javax.xml.crypto.dsig, RSA-2048 and SHA-256, again and again;
 * beside it SHA-256 over the document, the bare operation of the key and one reading that
 * keeps nothing. No path is followed: the certificate's key is taken for the signer's.
 *
 * <p>{@code XmlSignature sign|verify KEY.pem CERTIFICATE.pem FILE}
 */
class XmlSignature {
    static final String EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
    static final String RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    static final String SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    static final byte[] MESSAGE = new byte[200];

    static byte[] document;
    static PrivateKey key;
    static X509Certificate certificate;
    static byte[] value;
    /** What came of it, so that none of the work can be left out. */
    static int seen;

    public static void main(String[] arguments) throws Exception {
        boolean signs = arguments[0].equals("sign");
        var text = Files.readString(Path.of(arguments[1])).replaceAll("-----[^\n]*|\n", "");
        var der = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        key = KeyFactory.getInstance("RSA").generatePrivate(der);
        try (var in = Files.newInputStream(Path.of(arguments[2]))) {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        document = Files.readAllBytes(Path.of(arguments[3]));
        bareSign();
        Turns.take("Java " + System.getProperty("java.version"), () -> floor(signs),
            signs ? XmlSignature::sign : XmlSignature::verify);
    }

    static void bareSign() throws Exception {
        var bare = Signature.getInstance("SHA256withRSA");
        bare.initSign(key);
        bare.update(MESSAGE);
        value = bare.sign();
    }

    static void floor(boolean signs) throws Exception {
        seen += MessageDigest.getInstance("SHA-256").digest(document)[0];
        var factory = SAXParserFactory.newInstance();
        factory.setNamespaceAware(true);
        factory.newSAXParser().parse(new ByteArrayInputStream(document), new DefaultHandler());
        if (signs) {
            bareSign();
            seen += document.clone().length;
            return;
        }
        var bare = Signature.getInstance("SHA256withRSA");
        bare.initVerify(certificate.getPublicKey());
        bare.update(MESSAGE);
        seen += bare.verify(value) ? 1 : 0;
    }

    static Document parsed() throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(document));
    }

    static void sign() throws Exception {
        var parsed = parsed();
        var factory = XMLSignatureFactory.getInstance("DOM");
        var transforms = List.of(
            factory.newTransform(javax.xml.crypto.dsig.Transform.ENVELOPED, (TransformParameterSpec) null),
            factory.newTransform(EXCLUSIVE, (TransformParameterSpec) null));
        Reference reference = factory.newReference(
            "", factory.newDigestMethod(SHA256, null), transforms, null, null);
        SignedInfo info = factory.newSignedInfo(
            factory.newCanonicalizationMethod(EXCLUSIVE, (C14NMethodParameterSpec) null),
            factory.newSignatureMethod(RSA, null), Collections.singletonList(reference));
        KeyInfoFactory keys = factory.getKeyInfoFactory();
        KeyInfo named = keys.newKeyInfo(List.of(keys.newX509Data(List.of(certificate))));
        factory.newXMLSignature(info, named).sign(new DOMSignContext(key, parsed.getDocumentElement()));
        var out = new ByteArrayOutputStream(document.length + 4096);
        TransformerFactory.newInstance().newTransformer().transform(
            new DOMSource(parsed), new StreamResult(out));
        seen += out.size();
    }

    static void verify() throws Exception {
        var found = parsed().getElementsByTagNameNS("http://www.w3.org/2000/09/xmldsig#", "Signature");
        var context = new DOMValidateContext(certificate.getPublicKey(), found.item(0));
        var factory = XMLSignatureFactory.getInstance("DOM");
        if (!factory.unmarshalXMLSignature(context).validate(context)) {
            throw new IllegalStateException("the signature does not hold");
        }
        seen++;
    }
}
