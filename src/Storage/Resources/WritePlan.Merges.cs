using System.Data.Common;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Writes that meet a merge on their way, and the writes of a merge itself.</summary>
internal sealed partial class WritePlan
{
    private HashSet<PreparedResource>? _overtaken;

    /// <summary>The merges in force as the commit sees them; null: nobody looked.</summary>
    public MergedPeople? Merged { get; init; }

    /// <summary>
    /// Files what was prepared before a merge, or before the undoing of one, where it belongs now. A Patient itself is refused
    /// instead: which record it is, and what else is in it, was decided on what no longer holds.
    /// </summary>
    public void Redirect(List<WriteBatch> group)
    {
        foreach (var batch in group)
        {
            foreach (var item in batch.Items)
            {
                var stale = item.Former is not null ? Merged!.Of(item.Former.Key)?.IntoKey != item.PatientKey : Merged!.Of(item.PatientKey) is not null;
                if (!stale && !IsOfFormerNumber(item))
                {
                    continue;
                }

                if (item.Type == ResourceType.Patient)
                {
                    (_overtaken ??= new HashSet<PreparedResource>(ReferenceEqualityComparer.Instance)).Add(item);
                }
                else if (item.Former is { } named)
                {
                    var (key, number) = Merged.Of(named.Key) is { } now ? (now.IntoKey, now.IntoNumber) : (named.Key, named.Number);
                    item.Redirect(key, named.IntoNumber, number);
                }
                else if (Merged.Of(item.PatientKey) is { } taken)
                {
                    item.Redirect(taken.IntoKey, taken.Number, taken.IntoNumber);
                }
            }
        }
    }

    /// <summary>Whether it is the Patient of a number that was merged after it was looked up.</summary>
    private bool IsOfFormerNumber(PreparedResource item) => !Merged!.IsEmpty && item is { Type: ResourceType.Patient, Method: WriteMethod.Upsert, IsBeside: false }
        && NhsNumber.TryParse(item.Id, out var number) && Merged.Of(number) is not null;

    /// <summary>A new version of a resource that a merge moves to another person, or an undoing back.</summary>
    public void Move(PreparedResource item, long now)
    {
        item.Version = item.Before!.Version + 1;
        item.LastUpdated = now;
        item.Outcome = item.Method == WriteMethod.Delete ? WriteOutcome.Deleted : WriteOutcome.Updated;
        EnterFacts(item);
        Updates.Add(item);
    }
}

/// <summary>Remembers which resources came under a former number, so that undoing the merge takes them along.</summary>
internal static class MergeArrivals
{
    public static async Task KeepAsync(DbConnection connection, WritePlan plan)
    {
        if (plan.Merged is not { IsEmpty: false } merged)
        {
            return;
        }

        foreach (var item in plan.Written)
        {
            if (item.Former is not { } named || merged.Of(named.Key) is not { } former)
            {
                continue;
            }

            foreach (var merge in former.Merges)
            {
                await Admission.RunAsync(connection, "INSERT INTO merge_arrival (merge_id, type, id) VALUES (@merge,@type,@id) ON CONFLICT DO NOTHING",
                    c => c.Add("merge", merge).Add("type", (short)item.Type).Add("id", item.Id));
            }
        }
    }
}
