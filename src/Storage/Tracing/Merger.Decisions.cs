using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>
/// The decisions of a merge: nothing is lost, and where only one can be in force the safer one is. Whatever had to give way
/// is ended with the reason, and the person goes on the agenda of their team.
/// </summary>
public sealed partial class Merger
{
    private static readonly string[] ById = ["patient_key", "id"];
    private static readonly JsonSerializerOptions Json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly PersonTable Plans = new("care_plan_version", ["patient_key", "version"]);

    private static readonly string[] PlanColumns = ["plan_version", "plan_state", "plan_joint", "plan_complete", "review_day"];
    private static readonly string[] ModelColumns =
        ["model_level", "risk", "previous_level", "change", "reason1", "reason2", "reason3", "frailty", "in_care_home", "conditions_low", "conditions_high", "admitted_day", "discharged_day"];

    private static async Task MoveDecisionsAsync(Work work)
    {
        var (from, into) = (work.Merge.FromKey, work.Merge.IntoKey);
        var today = work.Decision.Today.DayNumber;
        var discuss = new List<string>();

        // One lead is in force: that of the record that remains.
        if (await AnyAsync(work, "lead_record", into, "state=1"))
        {
            if (await EndAsync(work, "lead_record", from, "state=1", new JsonObject { ["state"] = 2, ["end_day"] = today, ["end_reason"] = Ended }))
            {
                discuss.Add("each had a lead professional");
            }
        }

        if (await AnyAsync(work, "lead_record", into, "state IN (0,1,3) AND end_day=0"))
        {
            await EndAsync(work, "lead_record", from, "state IN (0,3) AND end_day=0", new JsonObject { ["state"] = 2, ["end_day"] = today, ["end_reason"] = Ended });
        }

        // Of two agreed levels the higher one.
        if (await OpenAsync(work, "agreed_level_record", from) is { } level && await OpenAsync(work, "agreed_level_record", into) is { } other)
        {
            discuss.Add("each had an agreed level");
            await EndAsync(work, "agreed_level_record", (long)level["level"]! > (long)other["level"]! ? into : from, "end_day=0",
                new JsonObject { ["end_day"] = today, ["end_reason"] = Ended, ["ended_by"] = work.Decision.DecidedBy });
        }

        // Of two wishes the later one.
        if (await OpenAsync(work, "lead_wish_record", from) is { } wish && await OpenAsync(work, "lead_wish_record", into) is { } wished)
        {
            await EndAsync(work, "lead_wish_record", (long)wish["recorded_at"]! > (long)wished["recorded_at"]! ? into : from, "end_day=0", new JsonObject { ["end_day"] = today });
        }

        if (await AnyAsync(work, "named_gp_record", into, "end_day=0"))
        {
            await EndAsync(work, "named_gp_record", from, "end_day=0", new JsonObject { ["end_day"] = today });
        }

        if (await AnyAsync(work, "ward_stay_record", into, "end_day=0")
            && await EndAsync(work, "ward_stay_record", from, "end_day=0", new JsonObject { ["end_day"] = today, ["discharged_by"] = work.Decision.DecidedBy }))
        {
            discuss.Add("each had a bed on a virtual ward");
        }

        var plans = await MovePlansAsync(work, discuss);
        await MoveStandingAsync(work, plans);
        foreach (var table in PersonTable.Of(work.Db.Model))
        {
            if (table.Name == "risk_score")
            {
                await KeepHigherScoresAsync(work, table);
            }

            await work.Journal.MoveAsync(table, from, into);
        }

        await LeadStandingAsync(work, into);
        await MoveMeetingsAsync(work);
        if (discuss.Count > 0)
        {
            await work.Journal.AddAsync("mdt_request_record", ById, new JsonObject
            {
                ["patient_key"] = into,
                ["id"] = Guid.CreateVersion7(work.Decision.At).ToString(),
                ["reason"] = $"Two records of this person were merged; {string.Join(", ", discuss)}. Check what is in force.",
                ["asked_by"] = work.Decision.DecidedBy,
                ["asked_at"] = work.Now,
                ["meeting_id"] = null,
            });
        }
    }

    /// <summary>Both people's versions in one line: those of the plan that gives way first, closed as replaced; then those of the one that holds.</summary>
    /// <returns>Whether the former record's plan holds, and by how much the versions of the one that holds were moved up.</returns>
    private static async Task<(bool OfFormer, int Moved)> MovePlansAsync(Work work, List<string> discuss)
    {
        var (from, into) = (work.Merge.FromKey, work.Merge.IntoKey);
        var former = await VersionsAsync(work, from);
        var remaining = await VersionsAsync(work, into);
        if (former.Count == 0 || remaining.Count == 0)
        {
            return (former.Count > 0, 0);
        }

        var (formerOpen, remainingOpen) = (IsOpen(former[^1]), IsOpen(remaining[^1]));
        var ofFormer = formerOpen == remainingOpen ? (long)former[^1]["written_at"]! > (long)remaining[^1]["written_at"]! : formerOpen;
        var (first, last) = ofFormer ? (remaining, former) : (former, remaining);
        var closing = (ofFormer ? remainingOpen : formerOpen) ? ClosedOf(work, first[^1]) : null;
        var up = (int)(long)first[^1]["version"]! + (closing is null ? 0 : 1);

        // The highest first: no two may have one number at any moment.
        foreach (var version in Enumerable.Reverse(last))
        {
            await work.Journal.MoveAsync(Plans, version, new JsonObject { ["patient_key"] = into, ["version"] = (long)version["version"]! + up });
        }

        if (closing is not null)
        {
            discuss.Add("each had a care plan");
            await work.Journal.AddAsync(Plans.Name, Plans.Key, closing);
        }

        return (ofFormer, up);
    }

    private static JsonObject ClosedOf(Work work, JsonObject version)
    {
        var plan = JsonNode.Parse((string)version["plan"]!)!.AsObject();
        (plan["status"], plan["outcome"]) = ("closed", "replaced");
        return new JsonObject
        {
            ["patient_key"] = work.Merge.IntoKey,
            ["version"] = (long)version["version"]! + 1,
            ["plan"] = plan.ToJsonString(),
            ["written_by"] = work.Decision.DecidedBy,
            ["written_at"] = work.Now,
        };
    }

    private static bool IsOpen(JsonObject version) => (string?)JsonNode.Parse((string)version["plan"]!)!["status"] != "closed";

    private static async Task<List<JsonObject>> VersionsAsync(Work work, long key) =>
        [.. (await work.Journal.RowsAsync(Plans.Name, "patient_key=@key", c => c.Add("key", key))).OrderBy(v => (long)v["version"]!)];

    /// <summary>Of two scores of one run the higher one counts until the next run has seen the whole record.</summary>
    private static async Task KeepHigherScoresAsync(Work work, PersonTable table)
    {
        var of = (await work.Journal.RowsAsync(table.Name, "patient_key=@from", c => c.Add("from", work.Merge.FromKey))).ToDictionary(s => (long)s["run_id"]!);
        foreach (var score in await work.Journal.RowsAsync(table.Name, "patient_key=@into", c => c.Add("into", work.Merge.IntoKey)))
        {
            if (of.TryGetValue((long)score["run_id"]!, out var other) && (double)other["probability"]! > (double)score["probability"]!)
            {
                await work.Journal.TakeAsync(table, score);
            }
        }
    }

    /// <summary>Where the person stands: as the record that remains does, with the model's view that is the higher one, and the plan that holds.</summary>
    private static async Task MoveStandingAsync(Work work, (bool OfFormer, int Moved) plans)
    {
        var (from, into) = (work.Merge.FromKey, work.Merge.IntoKey);
        var former = await StandingAsync(work, from);
        var remaining = await StandingAsync(work, into);
        await work.Journal.RememberAsync("standing_of_survivor", new JsonObject { ["revision"] = Math.Max(Revision(former), Revision(remaining)) + 1 }, remaining?.DeepClone().AsObject() ?? [], removed: false);
        if (former is not null)
        {
            await work.Journal.TakeAsync(new PersonTable("person_standing", ["patient_key"]), former);
        }

        if ((remaining ?? former)?.DeepClone().AsObject() is not { } standing)
        {
            return;
        }

        standing["patient_key"] = into;
        standing["revision"] = Math.Max(Revision(former), Revision(remaining)) + 1;
        if (former is not null && remaining is not null)
        {
            if (Rank(former) > Rank(remaining))
            {
                Take(standing, former, ModelColumns);
            }

            if (plans.OfFormer)
            {
                Take(standing, former, PlanColumns);
            }
        }

        standing["plan_version"] = (long)standing["plan_version"]! is var version and > 0 ? version + plans.Moved : 0;
        if (remaining is null)
        {
            await work.Journal.InsertAsync("person_standing", standing);
        }
        else
        {
            await work.Journal.SetAsync("person_standing", new JsonObject { ["patient_key"] = into }, standing);
        }

        static double Rank(JsonObject s) => (long)s["model_level"]! + (double)s["risk"]!;
    }

    /// <summary>The lead and the agreed level of a standing, as the records say.</summary>
    private static async Task LeadStandingAsync(Work work, long key)
    {
        if (await StandingAsync(work, key) is not { } standing)
        {
            return;
        }

        var leads = await work.Journal.RowsAsync("lead_record", "patient_key=@key AND state<>2", c => c.Add("key", key));
        var lead = leads.OrderByDescending(l => (long)l["state"]! == 1).ThenByDescending(l => (string)l["id"]!, StringComparer.Ordinal).FirstOrDefault();
        var changes = new JsonObject
        {
            ["lead_state"] = lead is null ? 0 : (long)lead["state"]!,
            ["has_lead"] = work.Journal.Flag(lead is not null && (long)lead["state"]! == 1),
            ["lead_id"] = (string?)lead?["practitioner_id"] ?? "",
            ["lead_name"] = (string?)lead?["practitioner_name"] ?? "",
            ["lead_role"] = (string?)lead?["role"] ?? "",
            ["agreed_level"] = await OpenAsync(work, "agreed_level_record", key) is { } level ? (long)level["level"]! : 0,
        };
        await work.Journal.SetAsync("person_standing", new JsonObject { ["patient_key"] = key }, changes);
    }

    /// <summary>As the record that remained stood before the merge; what was decided since stays.</summary>
    private static async Task PutStandingBackAsync(Work work, IReadOnlyList<RememberedRow> remembered)
    {
        var into = work.Merge.IntoKey;
        var memory = remembered.Single(r => r.Table == "standing_of_survivor");
        var current = await StandingAsync(work, into);
        var decidedSince = current is not null && Revision(current) != (long)memory.Key["revision"]!;
        if (!decidedSince)
        {
            await work.RunAsync("DELETE FROM person_standing WHERE patient_key=@into AND @from<>0");
            if (memory.Before.Count > 0)
            {
                await work.Journal.InsertAsync("person_standing", memory.Before);
            }

            return;
        }

        var changes = new JsonObject();
        Take(changes, memory.Before.Count > 0 ? memory.Before : current!, ModelColumns);
        var versions = await VersionsAsync(work, into);
        if ((versions.Count == 0 ? 0 : (long)versions[^1]["version"]!) != (long)current!["plan_version"]!)
        {
            // The plan went back with the former record.
            if (memory.Before.Count > 0)
            {
                Take(changes, memory.Before, PlanColumns);
            }
            else
            {
                (changes["plan_version"], changes["plan_state"], changes["review_day"]) = (0, "none", 0);
                (changes["plan_joint"], changes["plan_complete"]) = (work.Journal.Flag(false), work.Journal.Flag(false));
            }
        }

        changes["revision"] = Revision(current) + 1;
        await work.Journal.SetAsync("person_standing", new JsonObject { ["patient_key"] = into }, changes);
        await LeadStandingAsync(work, into);
    }

    /// <summary>Meetings that are not closed name the record that remains. A closed one never changes; who reads it is shown the record in force.</summary>
    private static async Task MoveMeetingsAsync(Work work)
    {
        foreach (var row in await work.Journal.RowsAsync("mdt_meeting_record", "status<>2 AND meeting LIKE @key", c => c.Add("key", $"%\"person\":{Text(work.Merge.FromKey)}%")))
        {
            var meeting = JsonNode.Parse((string)row["meeting"]!)!.AsObject();
            if (!Rename(meeting, work.Merge.FromKey, work.Merge.IntoKey))
            {
                continue;
            }

            OncePerPerson(meeting);
            var key = new JsonObject { ["id"] = (string)row["id"]! };
            var after = meeting.ToJsonString(Json);
            await work.Journal.RememberAsync("mdt_meeting_record", key, new JsonObject { ["meeting"] = (string)row["meeting"]!, ["after"] = after }, removed: false);
            await work.Journal.SetAsync("mdt_meeting_record", key, new JsonObject { ["meeting"] = after, ["revision"] = Revision(row) + 1 });
        }
    }

    private static async Task PutMeetingsBackAsync(Work work, IReadOnlyList<RememberedRow> remembered)
    {
        foreach (var before in remembered.Where(r => r.Table == "mdt_meeting_record"))
        {
            // Where people have worked on it since, the discussion stays with the record that remained.
            if (await work.Journal.RowsAsync("mdt_meeting_record", "id=@id AND status<>2", c => c.Add("id", (string)before.Key["id"]!)) is [var row]
                && (string)row["meeting"]! == (string)before.Before["after"]!)
            {
                await work.Journal.SetAsync("mdt_meeting_record", before.Key, new JsonObject { ["meeting"] = (string)before.Before["meeting"]!, ["revision"] = Revision(row) + 1 });
            }
        }
    }

    private static bool Rename(JsonNode? node, long from, long into)
    {
        var renamed = false;
        if (node is JsonObject o)
        {
            foreach (var (name, value) in o.ToList())
            {
                if (name == "person" && value is JsonValue v && v.TryGetValue(out long key) && key == from)
                {
                    o[name] = into;
                    renamed = true;
                }
                else
                {
                    renamed |= Rename(value, from, into);
                }
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                renamed |= Rename(item, from, into);
            }
        }

        return renamed;
    }

    /// <summary>Somebody who was on the agenda twice is on it once, with the reasons of both.</summary>
    private static void OncePerPerson(JsonObject meeting)
    {
        if (meeting["agenda"] is not JsonArray agenda)
        {
            return;
        }

        var seen = new Dictionary<long, JsonObject>();
        foreach (var item in agenda.OfType<JsonObject>().ToList())
        {
            if (seen.TryAdd((long)item["person"]!, item))
            {
                continue;
            }

            if (seen[(long)item["person"]!]["reasons"] is JsonArray reasons && item["reasons"] is JsonArray more)
            {
                foreach (var reason in more)
                {
                    reasons.Add(reason?.DeepClone());
                }
            }

            agenda.Remove(item);
        }
    }

    private static async Task<bool> AnyAsync(Work work, string table, long key, string where) =>
        (await work.Journal.RowsAsync(table, $"patient_key=@key AND {where}", c => c.Add("key", key))).Count > 0;

    private static async Task<JsonObject?> OpenAsync(Work work, string table, long key) =>
        (await work.Journal.RowsAsync(table, "patient_key=@key AND end_day=0", c => c.Add("key", key))).FirstOrDefault();

    private static async Task<bool> EndAsync(Work work, string table, long key, string where, JsonObject changes)
    {
        var any = await AnyAsync(work, table, key, where);
        await work.Journal.ChangeAsync(table, ById, $"patient_key=@key AND {where}", c => c.Add("key", key), changes);
        return any;
    }

    private static async Task<JsonObject?> StandingAsync(Work work, long key) => (await work.Journal.RowsAsync("person_standing", "patient_key=@key", c => c.Add("key", key))).FirstOrDefault();

    private static long Revision(JsonObject? row) => row is null ? 0 : (long)row["revision"]!;

    private static void Take(JsonObject into, JsonObject from, string[] columns)
    {
        foreach (var column in columns)
        {
            into[column] = from[column]?.DeepClone();
        }
    }

    private static string Text(long key) => key.ToString(CultureInfo.InvariantCulture);
}
