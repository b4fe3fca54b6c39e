/* Signs a file with OpenSSL's CMS_sign, again and again, as a CAdES signature that holds the
 * file; beside it EVP_DigestSign of 200 bytes, SHA-256 over the file and one copy of it.
 *
 *   sign KEY.pem CERTIFICATE.pem FILE
 */
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "turns.h"

static EVP_PKEY *key;
static X509 *certificate;
static unsigned char *document;
static long size;

static void floor_of_it(void)
{
    static const unsigned char message[200] = {7};
    unsigned char value[1024];
    size_t length = sizeof value;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    hash(document, (size_t)size);
    if (context == NULL || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1
        || EVP_DigestSign(context, value, &length, message, sizeof message) != 1)
        fail("EVP_DigestSign");
    EVP_MD_CTX_free(context);
    unsigned char *copy = malloc((size_t)size);
    if (copy == NULL)
        fail("memory");
    memcpy(copy, document, (size_t)size);
    /* So that the copy is made. */
    __asm__ volatile("" : : "r"(copy) : "memory");
    free(copy);
}

static void whole(void)
{
    BIO *from = BIO_new_mem_buf(document, (int)size);
    unsigned char *out = NULL;
    CMS_ContentInfo *cms = CMS_sign(certificate, key, NULL, from,
                                    CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP);
    if (cms == NULL || i2d_CMS_ContentInfo(cms, &out) <= size)
        fail("CMS_sign");
    OPENSSL_free(out);
    CMS_ContentInfo_free(cms);
    BIO_free(from);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("sign KEY.pem CERTIFICATE.pem FILE");
    BIO *keys = BIO_new_file(argv[1], "r"), *certificates = BIO_new_file(argv[2], "r");
    if (keys == NULL || certificates == NULL)
        fail("key");
    key = PEM_read_bio_PrivateKey(keys, NULL, NULL, NULL);
    certificate = PEM_read_bio_X509(certificates, NULL, NULL, NULL);
    if (key == NULL || certificate == NULL)
        fail("key");
    document = read_file(argv[3], &size);
    in_turns(50, 1, floor_of_it, whole);
    return 0;
}
