using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Views;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Ingest;

public sealed partial class ResourcePreparer
{
    private async ValueTask<Patient> PersonRowAsync(IngestSession session, ReadOnlyMemory<byte> body, long key, NhsNumber number, int supplier, CancellationToken ct)
    {
        var row = PersonRow(body.Span, _keys.View, key, number, supplier, out var practiceReference);
        if (row.PracticeCode.Length == 0 && practiceReference.StartsWith("Organization/", StringComparison.Ordinal))
        {
            row.PracticeCode = await session.Directories.PracticeOfAsync(practiceReference["Organization/".Length..], ct);
        }

        // The person's own small area where it is given, else the practice's population.
        row.Deprivation = Directories.DeprivationOfArea(ClinicalView.Get(body.Span, _keys.View.SmallArea)) is var own and not 0
            ? own
            : await session.Directories.DeprivationOfAsync(row.PracticeCode, ct);
        return row;
    }

    private static Patient PersonRow(ReadOnlySpan<byte> body, ClinicalView view, long key, NhsNumber number, int supplier, out string practiceReference)
    {
        var family = ClinicalView.Get(body, view.Family);
        var flags = view.Active ? PersonFlags.None : PersonFlags.Inactive;
        byte ethnicity = 0;
        foreach (var coding in view.Codings)
        {
            var code = body[coding.Code];
            switch (coding.Slot)
            {
                case CodingSlot.Ethnicity when code.Length > 0:
                    ethnicity = code[0];
                    break;
                case CodingSlot.Security when code.SequenceEqual("R"u8) || code.SequenceEqual("V"u8):
                    flags |= PersonFlags.Restricted;
                    break;
                case CodingSlot.NumberVerification when code.SequenceEqual("01"u8) || code.SequenceEqual("number-present-and-verified"u8):
                    flags |= PersonFlags.NumberVerified;
                    break;
            }
        }

        var gender = body[view.Gender];
        practiceReference = ClinicalView.Get(body, view.PracticeReference);
        return new Patient
        {
            PatientKey = key,
            NhsNumber = number,
            SupplierKey = supplier,
            BirthDay = view.BirthDay,
            DeathDay = view.DeathDay,
            Sex = gender.SequenceEqual("female"u8) ? Sex.Female : gender.SequenceEqual("male"u8) ? Sex.Male
                : gender.SequenceEqual("other"u8) ? Sex.Other : Sex.Unknown,
            Ethnicity = ethnicity,
            Flags = flags,
            PracticeCode = OdsCode.TryParse(ClinicalView.Get(body, view.PracticeCode), out var ods) ? ods.Value : "",
            Family = family,
            FamilyFolded = FoldedText.Of(family),
            Given = ClinicalView.Get(body, view.Given),
            Postcode = ClinicalView.Get(body, view.Postcode),
        };
    }

    private Practice? PracticeRow(byte[] body)
    {
        var view = _keys.View;
        var isPractice = false;
        foreach (var coding in view.Codings)
        {
            if (coding.Slot == CodingSlot.Type)
            {
                // ODS role RO76 is a GP practice.
                isPractice |= body[coding.Code].SequenceEqual("RO76"u8)
                    || Encoding.UTF8.GetString(body[coding.Display]).Contains("GP practice", StringComparison.OrdinalIgnoreCase);
            }
        }

        return isPractice && Directories.OdsCodeOf(body) is { Length: > 0 } code
            ? new Practice { Code = code, Name = ClinicalView.Get(body, view.Name), Place = ClinicalView.Get(body, view.District) }
            : null;
    }
}
