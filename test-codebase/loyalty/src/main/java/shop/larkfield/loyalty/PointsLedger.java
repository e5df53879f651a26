package shop.larkfield.loyalty;

import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * A customer's points: earned with every delivered order, spent at the till, lost with age.
 *
 * <p>Points are kept in the batches they were earned in, the oldest first, because they expire
 * batch by batch and the oldest ones are spent first.
 */
public final class PointsLedger {
    /** Points are lost this long after they were earned. */
    static final Period LIFETIME = Period.ofMonths(24);

    /** A hundred points are worth a pound. */
    static final int POINTS_PER_POUND = 100;

    /** Fewer than this cannot be redeemed: small vouchers cost more to handle than they give. */
    static final int MINIMUM_REDEMPTION = 500;

    private record Batch(int points, LocalDate earnedOn) {}

    private final Deque<Batch> batches = new ArrayDeque<>();

    /**
     * Adds the points for an order that was delivered.
     *
     * @param paidPence what the customer paid for goods, without delivery
     * @param tier the tier held when the order was placed
     * @return the points added: one for each whole pound, times the tier's multiplier
     */
    public int earn(long paidPence, Tier tier, Instant deliveredAt) {
        int points = (int) Math.floor((paidPence / 100) * tier.multiplier());
        if (points > 0) {
            batches.addLast(new Batch(points, LocalDate.ofInstant(deliveredAt, ZoneOffset.UTC)));
        }
        return points;
    }

    /** The points that can be spent on the given day. */
    public int balance(LocalDate today) {
        expire(today);
        return batches.stream().mapToInt(Batch::points).sum();
    }

    /**
     * Spends points and returns their value in pence.
     *
     * @throws IllegalArgumentException if there are too few, or too few are asked for
     */
    public long redeem(int points, LocalDate today) {
        if (points < MINIMUM_REDEMPTION) {
            throw new IllegalArgumentException("at least " + MINIMUM_REDEMPTION + " points must be redeemed");
        }
        int held = balance(today);
        if (points > held) {
            throw new IllegalArgumentException("only " + held + " points are left");
        }
        int wanted = points;
        while (wanted > 0) {
            Batch oldest = batches.removeFirst();
            if (oldest.points() > wanted) {
                batches.addFirst(new Batch(oldest.points() - wanted, oldest.earnedOn()));
            }
            wanted -= Math.min(wanted, oldest.points());
        }
        return points * 100L / POINTS_PER_POUND;
    }

    /**
     * Takes back the points of a returned order, the newest first. The balance never goes below
     * zero: points already spent are a present.
     */
    public void clawBack(int points) {
        int owed = points;
        while (owed > 0 && !batches.isEmpty()) {
            Batch newest = batches.removeLast();
            if (newest.points() > owed) {
                batches.addLast(new Batch(newest.points() - owed, newest.earnedOn()));
            }
            owed -= Math.min(owed, newest.points());
        }
    }

    private void expire(LocalDate today) {
        for (Iterator<Batch> each = batches.iterator(); each.hasNext(); ) {
            if (each.next().earnedOn().plus(LIFETIME).isAfter(today)) {
                return;
            }
            each.remove();
        }
    }
}
