using System.Globalization;
using System.Text;

namespace Larkfield.Invoicing;

/// <summary>One line of the sales ledger; a negative total is a credit note.</summary>
public sealed record Invoice(string OrderNumber, DateOnly Date, string Customer, long NetPence, long VatPence)
{
    public bool IsCreditNote => NetPence < 0;
}

/// <summary>Where the last number of each series is kept, in the transaction of the export.</summary>
public interface INumberSeries
{
    int Next(string series);
}

/// <summary>
/// Writes the month's invoices for the accountants, in the CSV dialect their package imports.
/// </summary>
/// <remarks>
/// The law wants invoice numbers without gaps, so a number is taken only when a line is written
/// and never reserved ahead. Invoices and credit notes count separately for each tax year.
/// </remarks>
public sealed class InvoiceExporter(INumberSeries numbers)
{
    // The package was written in Germany: semicolons, decimal commas, Windows line ends.
    private const char Separator = ';';
    private const string LineEnd = "\r\n";

    /// <summary>Export the invoices in order of date and return the text of the file.</summary>
    /// <exception cref="InvalidOperationException">The invoices span two tax years.</exception>
    public string Export(IEnumerable<Invoice> invoices)
    {
        var sorted = invoices.OrderBy(i => i.Date).ThenBy(i => i.OrderNumber, StringComparer.Ordinal).ToList();
        if (sorted.Select(i => TaxYear(i.Date)).Distinct().Count() > 1)
        {
            throw new InvalidOperationException("export each tax year on its own: the numbering starts again");
        }
        var text = new StringBuilder("Number;Date;Order;Customer;Net;VAT;Gross").Append(LineEnd);
        foreach (var invoice in sorted)
        {
            text.Append(Line(invoice)).Append(LineEnd);
        }
        return text.ToString();
    }

    /// <summary>The British tax year a day belongs to, which starts on 6 April.</summary>
    public static int TaxYear(DateOnly day) =>
        day >= new DateOnly(day.Year, 4, 6) ? day.Year : day.Year - 1;

    private string Line(Invoice invoice) => string.Join(
        Separator,
        Number(invoice),
        invoice.Date.ToString("dd.MM.yyyy", CultureInfo.InvariantCulture),
        invoice.OrderNumber,
        Quote(invoice.Customer),
        Amount(invoice.NetPence),
        Amount(invoice.VatPence),
        Amount(invoice.NetPence + invoice.VatPence));

    private string Number(Invoice invoice)
    {
        var prefix = invoice.IsCreditNote ? "CN" : "INV";
        var series = $"{prefix}-{TaxYear(invoice.Date)}";
        return $"{series}-{numbers.Next(series):D6}";
    }

    /// <summary>Quotes a text, and defuses one that a spreadsheet would run as a formula.</summary>
    private static string Quote(string text)
    {
        var safe = text.Length > 0 && "=+-@".Contains(text[0]) ? "'" + text : text;
        return '"' + safe.Replace("\"", "\"\"") + '"';
    }

    private static string Amount(long pence) =>
        (pence / 100m).ToString("0.00", CultureInfo.InvariantCulture).Replace('.', ',');
}
