/* What the programs beside this file share: files, and one thing measured beside another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

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

static void hash(const unsigned char *bytes, size_t size)
{
    unsigned char digest[32];
    if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
        fail("SHA-256");
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static double each(int times, void (*work)(void))
{
    double start = now();
    for (int n = 0; n < times; n++)
        work();
    return (now() - start) / times;
}

static int order(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double median(double *all, int count)
{
    qsort(all, (size_t)count, sizeof *all, order);
    return all[count / 2];
}

/* Whose figures these are: a name and a version. */
#ifndef PEER
#define PEER "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING)
#endif

#define MOST_ROUNDS 10000

/* As the bench `speed`: floor and whole in turns, so often each, for six seconds. Prints the
 * version, the milliseconds of the whole and of the floor for each document, and the median
 * of the rounds' ratios. */
static void in_turns(int times, int documents, void (*floor)(void), void (*whole)(void))
{
    static double floors[MOST_ROUNDS], wholes[MOST_ROUNDS], ratios[MOST_ROUNDS];
    int count = 0;
    floor();
    whole();
    for (double end = now() + 6000; count < MOST_ROUNDS && (count < 9 || now() < end); count++) {
        floors[count] = each(times, floor) / documents;
        wholes[count] = each(times, whole) / documents;
        ratios[count] = wholes[count] / floors[count];
    }
    double whole_each = median(wholes, count), floor_each = median(floors, count);
    printf("%s %s\t%.4f\t%.4f\t%.2f\n", PEER, whole_each, floor_each, median(ratios, count));
}
