import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.function.Function;

/** Megabytes of content a second that java.util.Base64 encodes and decodes, of 100 x 1 MB. */
class Base64Rate {
    static final int DOCUMENTS = 100;
    static final int ROUNDS = 15;

    /** The last result of each round, so that none of the work can be left out. */
    static int seen;

    public static void main(String[] arguments) {
        var random = new Random(1);
        var contents = new byte[DOCUMENTS][1 << 20];
        for (var content : contents) {
            random.nextBytes(content);
        }
        var texts = Arrays.stream(contents).map(Base64.getEncoder()::encode).toArray(byte[][]::new);
        System.out.printf("Java %s\t%.0f\t%.0f%n", System.getProperty("java.version"),
            rate(contents, Base64.getEncoder()::encode), rate(texts, Base64.getDecoder()::decode));
        if (seen == 0) {
            throw new IllegalStateException("nothing was done");
        }
    }

    /** The median of the rounds, after as many for the compiler. */
    static double rate(byte[][] all, Function<byte[], byte[]> work) {
        var seconds = new double[ROUNDS];
        for (int round = -ROUNDS; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (var one : all) {
                seen += work.apply(one).length;
            }
            seconds[Math.max(round, 0)] = (System.nanoTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        return DOCUMENTS * (1 << 20) / 1e6 / seconds[ROUNDS / 2];
    }
}
