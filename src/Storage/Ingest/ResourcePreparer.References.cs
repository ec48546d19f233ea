using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Ingest;

public sealed partial class ResourcePreparer
{
    /// <summary>The person; key 0 where the resource is about none; null where the person is not known.</summary>
    private async ValueTask<(long Key, NhsNumber Number, FormerPerson? Former)?> PersonOfAsync(
        IngestSession session, ReadOnlyMemory<byte> json, int supplier, ResourceFound found, ReferenceFound[] references, IdentifierFound[] identifiers, CancellationToken ct)
    {
        foreach (var r in references)
        {
            if (r.Contained || !IsPatientLink(r.Element))
            {
                continue;
            }

            switch (r.Form)
            {
                case ReferenceForm.Relative or ReferenceForm.Absolute when r.Target == ResourceType.Patient:
                    return await PatientAsync(session, supplier, Text(json.Span, r.TargetId), ct);
                case ReferenceForm.UrnUuid or ReferenceForm.UrnOid:
                    if (session.FullUrls.TryGetValue(Text(json.Span, r.Text), out var local))
                    {
                        if (local.StartsWith("Patient/", StringComparison.Ordinal))
                        {
                            return await PatientAsync(session, supplier, local["Patient/".Length..], ct);
                        }

                        break;
                    }

                    return await session.FindAsync(supplier, Text(json.Span, r.Text), ct);
                case ReferenceForm.Conditional when session.FullUrls.TryGetValue(Text(json.Span, r.Text), out var matched):
                    if (ConditionalNumber(Text(json.Span, r.Text)) is { } asked && (await session.Directories.MergedAsync(ct)).Of(asked) is not null)
                    {
                        // The search has found who has the number now; that it was asked for by the former one counts.
                        return await PatientAsync(session, supplier, asked.Value, ct);
                    }

                    if (matched.StartsWith("Patient/", StringComparison.Ordinal))
                    {
                        return await PatientAsync(session, supplier, matched["Patient/".Length..], ct);
                    }

                    break;
                case ReferenceForm.Conditional when r.Target is ResourceType.Patient or ResourceType.None:
                    return ConditionalNumber(Text(json.Span, r.Text)) is { } number ? await PatientAsync(session, supplier, number.Value, ct) : null;
            }
        }

        // A logical reference: the NHS number alone says who it is. The literal one is put beside it, so that every search finds it.
        if (HasNestedNumber(json.Span, identifiers) && PatientCompartment.TryLogicalOwner(found.Type, json.Span.Slice(found.Text.Start, found.Text.Length), out var text, out var at))
        {
            if (!NhsNumber.TryParse(text, out var number) || await PatientAsync(session, supplier, number.Value, ct) is not { } person)
            {
                return null;
            }

            _splice.Insert(found.Text.Start + at, Encoding.UTF8.GetBytes($"\"reference\":\"Patient/{person.Number.Value}\","));
            return person;
        }

        return (0, default, null);
    }

    private static bool HasNestedNumber(ReadOnlySpan<byte> json, IdentifierFound[] identifiers)
    {
        foreach (var identifier in identifiers)
        {
            if (!identifier.TopLevel && IsNhsNumberSystem(identifier.System.Of(json)))
            {
                return true;
            }
        }

        return false;
    }

    private static async ValueTask<(long Key, NhsNumber Number, FormerPerson? Former)?> PatientAsync(IngestSession session, int supplier, string id, CancellationToken ct)
    {
        if (NhsNumber.TryParse(id, out var number))
        {
            var former = (await session.Directories.MergedAsync(ct)).Of(number);
            number = former?.IntoNumber ?? number;
            if (await session.FindAsync(number, ct) is { } key)
            {
                return (key, number, former);
            }
        }

        return await session.FindAsync(supplier, id, ct);
    }

    private static bool IsWritten(NhsNumber number, ReadOnlySpan<byte> text) =>
        text.Length == NhsNumber.Digits && NhsNumber.Check(text, out var written) == NhsNumberFault.None && written == number;

    private static NhsNumber? ConditionalNumber(string reference)
    {
        const string Prefix = "Patient?identifier=";
        if (!reference.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var value = Uri.UnescapeDataString(reference[Prefix.Length..]);
        var bar = value.IndexOf('|', StringComparison.Ordinal);
        return (bar < 0 || value[..bar] is NhsNumber.System or NhsNumber.OldSystem) && NhsNumber.TryParse(value[(bar + 1)..], out var number) ? number : null;
    }

    /// <summary>Older data: kept under the NHS number's system of today, so that a search by either name finds it.</summary>
    private bool RenameOldSystems(ReadOnlySpan<byte> json, IdentifierFound[] identifiers)
    {
        var renamed = false;
        foreach (var identifier in identifiers)
        {
            if (identifier.System.Of(json).SequenceEqual("http://fhir.nhs.net/Id/nhs-number"u8))
            {
                _splice.Replace(identifier.System, "https://fhir.nhs.uk/Id/nhs-number"u8.ToArray());
                renamed = true;
            }
        }

        return renamed;
    }

    /// <summary>Whom references name that are ours already.</summary>
    private NamedPeople NamedIn(ReadOnlySpan<byte> json, ReferenceFound[] references)
    {
        var named = new NamedPeople();
        foreach (var r in references)
        {
            if (r is { Contained: false, Target: ResourceType.Patient })
            {
                named.Add(Text(json, r.Text));
            }
        }

        return named;
    }

    /// <summary>Makes references ours, and says whom they name.</summary>
    private async ValueTask<NamedPeople> RewriteReferencesAsync(
        IngestSession session, ReadOnlyMemory<byte> json, int supplier, string supplierUri, ReferenceFound[] references, CancellationToken ct)
    {
        var named = new NamedPeople();
        foreach (var r in references)
        {
            string? ours = null;
            switch (r.Form)
            {
                case ReferenceForm.Relative or ReferenceForm.Absolute when r.Target == ResourceType.Patient:
                    var person = await PatientAsync(session, supplier, Text(json.Span, r.TargetId), ct);
                    if (person is { } same && r.Form == ReferenceForm.Relative && IsWritten(same.Number, r.TargetId.Of(json.Span)))
                    {
                        if (!r.Contained)
                        {
                            named.Add(Text(json.Span, r.Text));
                        }

                        continue;
                    }

                    ours = person is { } other ? $"Patient/{other.Number.Value}" : null;
                    break;
                case ReferenceForm.Relative when SourceIds.IsUuid(r.TargetId.Of(json.Span)):
                    continue;
                case ReferenceForm.Relative when supplier != Directories.UnnamedSupplier && r.Target != ResourceType.None:
                    ours = $"{r.Target.Name()}/{SourceIds.Stored(supplier, supplierUri, r.Target, Text(json.Span, r.TargetId))}";
                    break;
                case ReferenceForm.UrnUuid or ReferenceForm.UrnOid:
                    ours = session.FullUrls.GetValueOrDefault(Text(json.Span, r.Text));
                    if (ours is null && await session.FindAsync(supplier, Text(json.Span, r.Text), ct) is { } known)
                    {
                        ours = $"Patient/{known.Number.Value}";
                    }

                    break;
                case ReferenceForm.Conditional when session.FullUrls.TryGetValue(Text(json.Span, r.Text), out var matched):
                    ours = matched;
                    break;
                case ReferenceForm.Conditional:
                    ours = ConditionalNumber(Text(json.Span, r.Text)) is { } number && await PatientAsync(session, supplier, number.Value, ct) is { } meant ? $"Patient/{meant.Number.Value}" : null;
                    break;
            }

            if (ours is not null && r.Form is ReferenceForm.Relative or ReferenceForm.Absolute)
            {
                // What follows the id names a version.
                ours += Text(json.Span, new TextRange(r.TargetId.End, r.Text.End - r.TargetId.End));
            }

            if (!r.Contained && (r.Target == ResourceType.Patient || ours?.StartsWith("Patient/", StringComparison.Ordinal) == true))
            {
                named.Add(ours);
            }

            if (ours is not null)
            {
                _splice.Replace(r.Text, Encoding.UTF8.GetBytes(ours));
            }
        }

        return named;
    }
}
