/* Verifies CMS files with OpenSSL's CMS_verify, again and again, and prints how many
 * microseconds of the processor one document takes.
 *
 *   verify ROOT.der ROUNDS FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static unsigned char *read_file(const char *path, long *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (*size = ftell(file)) < 0)
        fail(path);
    rewind(file);
    unsigned char *bytes = malloc((size_t)*size);
    if (bytes == NULL || fread(bytes, 1, (size_t)*size, file) != (size_t)*size)
        fail(path);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        fail("verify ROOT.der ROUNDS FILE...");
    long root_size;
    const unsigned char *root_bytes = read_file(argv[1], &root_size);
    X509 *root = d2i_X509(NULL, &root_bytes, root_size);
    X509_STORE *store = X509_STORE_new();
    if (root == NULL || store == NULL || !X509_STORE_add_cert(store, root))
        fail("root");
    /* Who signs documents says nothing of e-mail. */
    X509_VERIFY_PARAM_set_purpose(X509_STORE_get0_param(store), X509_PURPOSE_ANY);

    int rounds = atoi(argv[2]), files = argc - 3;
    unsigned char **documents = calloc((size_t)files, sizeof *documents);
    long *sizes = calloc((size_t)files, sizeof *sizes);
    for (int n = 0; n < files; n++)
        documents[n] = read_file(argv[n + 3], &sizes[n]);

    clock_t start = clock();
    for (int round = 0; round < rounds; round++) {
        for (int n = 0; n < files; n++) {
            const unsigned char *at = documents[n];
            CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, sizes[n]);
            if (cms == NULL || CMS_verify(cms, NULL, store, NULL, NULL, CMS_BINARY) != 1)
                fail(argv[n + 3]);
            CMS_ContentInfo_free(cms);
        }
    }
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    printf("%s: %.1f us a document\n", OpenSSL_version(OPENSSL_VERSION),
           seconds * 1e6 / ((double)rounds * files));
    return 0;
}
