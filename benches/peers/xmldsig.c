/* Enveloped XML signatures by libxmlsec1, RSA-2048 and SHA-256, again and again; beside it
 * SHA-256 over the document, the bare operation of the key and one reading by libxml2 that
 * keeps nothing.
 *
 *   xmldsig sign KEY.pem CERTIFICATE.pem DOCUMENT.xml
 *   xmldsig verify KEY.pem ROOT.pem SIGNED.xml
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <openssl/pem.h>
#include <xmlsec/crypto.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

#define PEER "libxmlsec1", XMLSEC_VERSION
#include "turns.h"

static unsigned char *document;
static long size;
static int signs;
static const char *certificate;
static EVP_PKEY *pair;
static unsigned char message[200] = {7}, value[1024];
static size_t length = sizeof value;
static xmlSecKeysMngrPtr manager;
static xmlSecKeyPtr key;

static void operation(int sign)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int done = sign ? EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pair) == 1
                          && (length = sizeof value, 1)
                          && EVP_DigestSign(context, value, &length, message, sizeof message) == 1
                    : EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pair) == 1
                          && EVP_DigestVerify(context, value, length, message, sizeof message) == 1;
    if (!done)
        fail("the bare operation");
    EVP_MD_CTX_free(context);
}

static void floor_of_it(void)
{
    xmlSAXHandler nothing = {.initialized = XML_SAX2_MAGIC};
    hash(document, (size_t)size);
    if (xmlSAXUserParseMemory(&nothing, NULL, (const char *)document, (int)size) != 0)
        fail("reading");
    operation(signs);
    if (signs) {
        unsigned char *copy = malloc((size_t)size);
        memcpy(copy, document, (size_t)size);
        document[0] = copy[0];
        free(copy);
    }
}

static void sign(xmlDocPtr parsed)
{
    xmlNodePtr node = xmlSecTmplSignatureCreate(
        parsed, xmlSecTransformExclC14NId, xmlSecTransformRsaSha256Id, NULL);
    xmlAddChild(xmlDocGetRootElement(parsed), node);
    xmlNodePtr reference =
        xmlSecTmplSignatureAddReference(node, xmlSecTransformSha256Id, NULL, BAD_CAST "", NULL);
    xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId);
    xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId);
    xmlSecTmplKeyInfoAddX509Data(xmlSecTmplSignatureEnsureKeyInfo(node, NULL));
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    context->signKey = xmlSecKeyDuplicate(key);
    if (xmlSecDSigCtxSign(context, node) < 0)
        fail("xmlSecDSigCtxSign");
    xmlSecDSigCtxDestroy(context);
    xmlChar *out;
    int count;
    xmlDocDumpMemory(parsed, &out, &count);
    xmlFree(out);
}

static void verify(xmlDocPtr parsed)
{
    xmlNodePtr node =
        xmlSecFindNode(xmlDocGetRootElement(parsed), xmlSecNodeSignature, xmlSecDSigNs);
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(manager);
    if (node == NULL || xmlSecDSigCtxVerify(context, node) < 0
        || context->status != xmlSecDSigStatusSucceeded)
        fail("xmlSecDSigCtxVerify");
    xmlSecDSigCtxDestroy(context);
}

static void whole(void)
{
    xmlDocPtr parsed =
        xmlReadMemory((const char *)document, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    if (parsed == NULL)
        fail("xmlReadMemory");
    if (signs)
        sign(parsed);
    else
        verify(parsed);
    xmlFreeDoc(parsed);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        fail("xmldsig sign|verify KEY.pem CERTIFICATE.pem FILE");
    signs = strcmp(argv[1], "sign") == 0;
    certificate = argv[3];
    xmlInitParser();
    if (xmlSecInit() < 0 || xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0)
        fail("xmlSecInit");
    document = read_file(argv[4], &size);
    BIO *keys = BIO_new_file(argv[2], "r");
    pair = keys == NULL ? NULL : PEM_read_bio_PrivateKey(keys, NULL, NULL, NULL);
    if (pair == NULL)
        fail(argv[2]);
    operation(1);
    if (signs) {
        key = xmlSecCryptoAppKeyLoad(argv[2], xmlSecKeyDataFormatPem, NULL, NULL, NULL);
        if (key == NULL || xmlSecCryptoAppKeyCertLoad(key, certificate, xmlSecKeyDataFormatPem) < 0)
            fail(certificate);
    } else {
        manager = xmlSecKeysMngrCreate();
        if (manager == NULL || xmlSecCryptoAppDefaultKeysMngrInit(manager) < 0
            || xmlSecCryptoAppKeysMngrCertLoad(
                   manager, certificate, xmlSecKeyDataFormatPem, xmlSecKeyDataTypeTrusted) < 0)
            fail(certificate);
    }
    in_turns(1, 1, floor_of_it, whole);
    return 0;
}
