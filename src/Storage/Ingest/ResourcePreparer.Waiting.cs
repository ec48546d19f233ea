using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>People without an NHS number, and with a former one (docs/identity.md).</summary>
public sealed partial class ResourcePreparer
{
    /// <summary>Key of the issue of a Patient who has no number: such a person waits instead.</summary>
    private const string NumberRequired = "nhs-number-required";

    /// <summary>
    /// The NHS number in force among identifiers of which one is marked as old; null where there is none, or several.
    /// </summary>
    /// <param name="patient">The Patient.</param>
    internal static NhsNumber? NumberInForce(ReadOnlySpan<byte> patient)
    {
        NhsNumber? found = null;
        foreach (var identifier in new JsonView(patient)["identifier"u8].Items)
        {
            if (IsNhsNumberSystem(identifier["system"u8].Text) && !identifier["use"u8].Text.SequenceEqual("old"u8))
            {
                if (found is not null || NhsNumber.Check(identifier["value"u8].Text, out var number) != NhsNumberFault.None)
                {
                    return null;
                }

                found = number;
            }
        }

        return found;
    }

    /// <summary>
    /// The supplier's own id of a person without a number. A create by nobody in particular keeps no id (docs/decisions/0005),
    /// and a Patient need not have one: then its first business identifier names it, or what it says.
    /// </summary>
    internal static string SourceIdOf(ReadOnlySpan<byte> patient, string? postedId, bool keepsId)
    {
        if (keepsId && postedId is { Length: > 0 })
        {
            return postedId;
        }

        foreach (var identifier in new JsonView(patient)["identifier"u8].Items)
        {
            if (identifier["value"u8].Exists)
            {
                return Named($"{identifier["system"u8].ToString()}|{identifier["value"u8].ToString()}");
            }
        }

        return Named(Encoding.UTF8.GetString(patient));

        static string Named(string text) => $"untraced-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32]}";
    }

    /// <summary>A Patient without a number: known by the supplier's id from an earlier tracing, or put into the queue.</summary>
    private async ValueTask<Prepared> WithoutNumberAsync(
        IngestSession session, ReadOnlyMemory<byte> json, ResourceFound found, ReferenceFound[] references, int supplier, string supplierUri, string? sourceId, long line, WriteTarget? target, CancellationToken ct)
    {
        var patient = json.Slice(found.Text.Start, found.Text.Length);
        sourceId = SourceIdOf(patient.Span, sourceId, target is not { IsCreate: true } || SourceIds.HasIdsOfItsOwn(supplierUri));
        if (await session.FindAsync(supplier, sourceId, ct) is { } known)
        {
            // Known as the person of a former number: then it is about that one (and kept beside the one in force).
            var number = (known.Former?.Number ?? known.Number).Value;
            var details = await session.Directories.TracedAsync(supplier, sourceId, ct) is { } traced ? traced with { Number = number } : new TracedDetails(number, false, "", false);
            return await PrepareAsync(session, details.AddTo(patient.Span, sourceId), line, target is null ? null : target with { SourceId = null, Id = null, IsCreate = false }, ct);
        }

        await RewriteReferencesAsync(session, json, supplier, supplierUri, references, ct);
        var body = Assemble(json.Span, found, sourceId, out _).ToArray();
        var person = session.BringWaiting(supplier, sourceId);
        return Waits(person, ResourceType.Patient, sourceId, supplier, body);
    }

    /// <summary>
    /// A Patient under a number that another has taken the place of. Where the person was known by that number alone, it is
    /// their record. Else it is kept beside the one that is shown, as it came: two posts of one supplier would otherwise change
    /// the record to and fro, and undoing the merge finds it there.
    /// </summary>
    private async ValueTask<Prepared> UnderFormerNumberAsync(
        IngestSession session, ReadOnlyMemory<byte> json, ResourceFound found, FormerPerson former, int supplier, long line, WriteTarget? target, CancellationToken ct)
    {
        var sourceId = found.Id.IsEmpty || NhsNumber.TryParse(Text(json.Span, found.Id), out _) ? null : Text(json.Span, found.Id);
        if (former.Renumbered)
        {
            var renumbered = new TracedDetails(former.IntoNumber.Value, false, "", false).AddTo(found.Text.Of(json.Span), sourceId ?? former.IntoNumber.Value);
            var prepared = await PrepareAsync(session, renumbered, line, target is null ? null : target with { SourceId = null, Id = null, IsCreate = false }, ct);
            return prepared.Item is { } item ? prepared with { Item = item with { Former = former } } : prepared;
        }

        var body = Assemble(json.Span, found, former.Number.Value, out var metaAt);
        _keys.Read(ResourceType.Patient, body.Span);
        if (session.Fence?.AllowsPractice((await PersonRowAsync(session, body, former.IntoKey, former.Number, supplier, ct)).PracticeCode) == false)
        {
            return OfAnotherPractice;
        }

        if (sourceId is not null)
        {
            session.Call(supplier, sourceId, former);
        }

        return new Prepared(
            new PreparedResource
            {
                SourceId = sourceId,
                SourceSupplier = supplier,
                Type = ResourceType.Patient,
                Id = former.IntoNumber.Value,
                PatientKey = former.IntoKey,
                SupplierKey = await session.Directories.SupplierAsync(FormerNumbers.SupplierOf(former, supplier), ct),
                Body = body,
                MetaAt = metaAt,
                ContentHash = Hashing.Content(body.Span),
                Former = former,
                IsBeside = true,
                Line = line,
            },
            [.. _reader.Issues],
            false);
    }

    /// <summary>A sound resource whose person is not here: it waits with them if they wait; null where they do not.</summary>
    private async ValueTask<Prepared?> WithSomeoneWhoWaitsAsync(
        IngestSession session, ReadOnlyMemory<byte> json, ResourceFound found, ReferenceFound[] references, int supplier, string supplierUri, string id, CancellationToken ct)
    {
        foreach (var r in references)
        {
            if (r.Contained || !IsPatientLink(r.Element))
            {
                continue;
            }

            var text = Text(json.Span, r.Text);
            var named = r.Form is ReferenceForm.Relative or ReferenceForm.Absolute && r.Target == ResourceType.Patient ? Text(json.Span, r.TargetId)
                : session.FullUrls.TryGetValue(text, out var local) && local.StartsWith("Patient/", StringComparison.Ordinal) ? local["Patient/".Length..]
                : null;
            if (named is not null && await session.FindWaitingAsync(supplier, named, ct) is { } person)
            {
                await RewriteReferencesAsync(session, json, supplier, supplierUri, references, ct);
                return Waits(person, found.Type, id, supplier, Assemble(json.Span, found, id, out _).ToArray());
            }
        }

        return null;
    }

    private static Prepared Waits(string person, ResourceType type, string id, int supplier, byte[] body) => new(null, [], false)
    {
        Waiting = new WaitingItem { PersonId = person, Type = type, Id = id, SupplierKey = supplier, Body = body, ContentHash = Hashing.Content(body) },
    };
}
