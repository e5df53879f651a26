package shop.larkfield.loyalty;

/** How good a customer somebody is, judged by what they spent in the last twelve months. */
public enum Tier {
    BRONZE(0, 1.0),
    SILVER(50_000, 1.25),
    GOLD(200_000, 1.5);

    private final long fromPence;
    private final double multiplier;

    Tier(long fromPence, double multiplier) {
        this.fromPence = fromPence;
        this.multiplier = multiplier;
    }

    /** How many points a pound earns in this tier. */
    public double multiplier() {
        return multiplier;
    }

    /** The highest tier that a year's spending (refunds taken off) reaches. */
    public static Tier forSpending(long pence) {
        Tier reached = BRONZE;
        for (Tier tier : values()) {
            if (pence >= tier.fromPence) {
                reached = tier;
            }
        }
        return reached;
    }

    /**
     * The tier after a yearly review. Nobody falls more than one step at a time: the letters of
     * complaint cost more than the points.
     */
    public Tier afterReview(long pence) {
        Tier earned = forSpending(pence);
        int lowest = Math.max(0, ordinal() - 1);
        return values()[Math.max(lowest, earned.ordinal())];
    }
}
