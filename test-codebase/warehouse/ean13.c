/*
 * Check digits of EAN-13 barcodes, for the hand scanners in the warehouse.
 *
 * The scanners run this on a microcontroller: no allocation, no standard library beyond
 * <stddef.h>, and every string is bounded.
 */
#include <stdbool.h>
#include <stddef.h>

#define EAN_DIGITS 13

/* Labels we print ourselves start with 2: GS1 leaves that range to the shop. */
#define IN_STORE_PREFIX '2'

enum scan_result {
    SCAN_OK,
    SCAN_WRONG_LENGTH,
    SCAN_NOT_A_DIGIT,
    SCAN_WRONG_CHECK_DIGIT,
};

/*
 * The digit that makes the weighted sum of the first twelve a multiple of ten. Weights are 1 and
 * 3 in turn, starting with 1 at the left. `digits` holds at least twelve ASCII digits.
 */
char ean13_check_digit(const char *digits)
{
    int sum = 0;
    for (int i = 0; i < EAN_DIGITS - 1; i++) {
        int value = digits[i] - '0';
        sum += i % 2 == 0 ? value : 3 * value;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

/* Check a scanned code of `length` characters (no terminating zero needed). */
enum scan_result ean13_check(const char *code, size_t length)
{
    if (length != EAN_DIGITS)
        return SCAN_WRONG_LENGTH;
    for (size_t i = 0; i < length; i++) {
        if (code[i] < '0' || code[i] > '9')
            return SCAN_NOT_A_DIGIT;
    }
    if (ean13_check_digit(code) != code[EAN_DIGITS - 1])
        return SCAN_WRONG_CHECK_DIGIT;
    return SCAN_OK;
}

/* Whether the label was printed by us, so that the five digits after the prefix are our SKU. */
bool ean13_is_in_store(const char *code)
{
    return code[0] == IN_STORE_PREFIX;
}

/* What the scanner's beeper plays: one beep for good, two short for "scan again", a long one
 * for a code that can never be right. */
unsigned beep_pattern(enum scan_result result)
{
    switch (result) {
    case SCAN_OK:
        return 0x1;
    case SCAN_WRONG_CHECK_DIGIT:
        return 0x5;
    case SCAN_WRONG_LENGTH:
    case SCAN_NOT_A_DIGIT:
        break;
    }
    return 0xF;
}
