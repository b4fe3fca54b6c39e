import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Work in turns with its floor, as the bench `speed` has it. */
class Turns {
    interface Work {
        void run() throws Exception;
    }

    /**
     * Prints version, milliseconds, the floor's, and their ratio: of ten seconds, of which the
     * first four are the compiler's.
     */
    static void take(String version, Work floor, Work whole) throws Exception {
        var floors = new ArrayList<Double>();
        var wholes = new ArrayList<Double>();
        var ratios = new ArrayList<Double>();
        long start = System.nanoTime();
        for (int round = 0; round < 9 + 3 || System.nanoTime() - start < 10e9; round++) {
            double one = each(floor);
            double other = each(whole);
            if (round >= 3 && System.nanoTime() - start > 4e9) {
                floors.add(one);
                wholes.add(other);
                ratios.add(other / one);
            }
        }
        System.out.printf("%s\t%.4f\t%.4f\t%.2f%n", version, median(wholes), median(floors),
            median(ratios));
    }

    static double each(Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    static double median(List<Double> all) {
        Collections.sort(all);
        return all.get(all.size() / 2);
    }
}
