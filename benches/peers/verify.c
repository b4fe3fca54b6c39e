/* Verifies CMS files of one chain with OpenSSL's CMS_verify, again and again; beside it
 * SHA-256 over their content and every operation with a key: the signer's, and one for each
 * certificate below the root.
 *
 *   verify ROOT.der SIGNERS-KEY.pem FILE...
 */
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "turns.h"

#define MOST_OPERATIONS 8

/* One with a key, over what was signed by it. */
struct operation {
    EVP_PKEY *key;
    const unsigned char *message, *value;
    size_t size, length;
};

static X509_STORE *store;
static int files, operation_count;
static unsigned char **documents;
static long *sizes;
static struct operation operations[MOST_OPERATIONS];

/* Of the first document; the others' are as long, and are where its is. */
static size_t content_at, content_size;

static void floor_of_it(void)
{
    for (int n = 0; n < files; n++) {
        hash(documents[n] + content_at, content_size);
        for (int m = 0; m < operation_count; m++) {
            const struct operation *it = &operations[m];
            EVP_MD_CTX *context = EVP_MD_CTX_new();
            if (context == NULL
                || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, it->key) != 1
                || EVP_DigestVerify(context, it->value, it->length, it->message, it->size) != 1)
                fail("EVP_DigestVerify");
            EVP_MD_CTX_free(context);
        }
    }
}

static CMS_ContentInfo *verified(int n)
{
    const unsigned char *at = documents[n];
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, sizes[n]);
    if (cms == NULL || CMS_verify(cms, NULL, store, NULL, NULL, CMS_BINARY) != 1)
        fail("CMS_verify");
    return cms;
}

static void whole(void)
{
    for (int n = 0; n < files; n++)
        CMS_ContentInfo_free(verified(n));
}

static void add(struct operation it)
{
    if (it.key == NULL || operation_count == MOST_OPERATIONS)
        fail("operation");
    operations[operation_count++] = it;
}

/* What the signer's key does for each document, with a value of its own. */
static void add_signer(EVP_PKEY *key)
{
    static const unsigned char message[200] = {7};
    static unsigned char value[1024];
    size_t length = sizeof value;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1
        || EVP_DigestSign(context, value, &length, message, sizeof message) != 1)
        fail("EVP_DigestSign");
    EVP_MD_CTX_free(context);
    add((struct operation){key, message, value, sizeof message, length});
}

static X509 *issuer(X509 *of, STACK_OF(X509) *given, X509 *root)
{
    for (int n = 0; n < sk_X509_num(given); n++) {
        X509 *one = sk_X509_value(given, n);
        if (X509_cmp(one, of) != 0 && X509_check_issued(one, of) == X509_V_OK)
            return one;
    }
    return root;
}

/* What the first document's certificates say, which are kept for good. */
static void add_path(CMS_ContentInfo *cms, X509 *root)
{
    STACK_OF(X509) *given = CMS_get1_certs(cms);
    X509 *at = sk_X509_value(CMS_get0_signers(cms), 0);
    while (X509_cmp(at, root) != 0) {
        const ASN1_BIT_STRING *value;
        unsigned char *body = NULL;
        int size = i2d_re_X509_tbs(at, &body);
        X509 *above = issuer(at, given, root);
        if (size <= 0)
            fail("certificate");
        X509_get0_signature(&value, NULL, at);
        add((struct operation){X509_get0_pubkey(above), body, value->data, (size_t)size,
                               (size_t)value->length});
        at = above;
    }
}

static void find_content(CMS_ContentInfo *cms)
{
    ASN1_OCTET_STRING **content = CMS_get0_content(cms);
    if (content == NULL || *content == NULL)
        fail("content");
    content_size = (size_t)(*content)->length;
    for (long n = 0; n + (long)content_size <= sizes[0]; n++)
        if (memcmp(documents[0] + n, (*content)->data, content_size) == 0)
            content_at = (size_t)n;
    if (content_at == 0)
        fail("content");
}

int main(int argc, char **argv)
{
    if (argc < 4)
        fail("verify ROOT.der SIGNERS-KEY.pem FILE...");
    long root_size;
    const unsigned char *root_bytes = read_file(argv[1], &root_size);
    X509 *root = d2i_X509(NULL, &root_bytes, root_size);
    store = X509_STORE_new();
    if (root == NULL || store == NULL || !X509_STORE_add_cert(store, root))
        fail("root");
    /* Who signs documents says nothing of e-mail. */
    X509_VERIFY_PARAM_set_purpose(X509_STORE_get0_param(store), X509_PURPOSE_ANY);
    BIO *keys = BIO_new_file(argv[2], "r");
    if (keys == NULL)
        fail(argv[2]);
    add_signer(PEM_read_bio_PrivateKey(keys, NULL, NULL, NULL));

    files = argc - 3;
    documents = calloc((size_t)files, sizeof *documents);
    sizes = calloc((size_t)files, sizeof *sizes);
    for (int n = 0; n < files; n++)
        documents[n] = read_file(argv[n + 3], &sizes[n]);
    CMS_ContentInfo *first = verified(0);
    find_content(first);
    add_path(first, root);
    in_turns(1, files, floor_of_it, whole);
    return 0;
}
