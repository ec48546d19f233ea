using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Invariants of administrative resources, groups, lists, consent, audit and Bundle.</summary>
internal static partial class Invariants
{
    private static Dictionary<string, Rule> AdministrativeRules() => new(StringComparer.Ordinal)
    {
        ["pat-1"] = new("A contact needs a name, telecom, address or organization. Add one.", AnyOf("name", "telecom", "address", "organization")),
        ["org-1"] = new("An organization needs an identifier or a name. Add one.", AnyOf("identifier", "name")),
        ["org-2"] = new("An organization's address cannot be of use home. Correct use.", s => NotHome(s)),
        ["org-3"] = new("An organization's telecom cannot be of use home. Correct use.", s => NotHome(s)),
        ["app-1"] = new("A participant needs type or actor. Add one.", AnyOf("type", "actor")),
        ["app-2"] = new("start and end go together. Give both, or neither.", s =>
        {
            var (start, end) = (At(s, "start"), At(s, "end"));
            return (in f) => f.Has(start) == f.Has(end);
        }),
        ["app-3"] = new("start and end are needed, unless the appointment is proposed, cancelled or on the waitlist. Add them.", s =>
        {
            var (start, end, status) = (At(s, "start"), At(s, "end"), At(s, "status"));
            return (in f) => (f.Has(start) && f.Has(end)) || f.Is(status, "proposed"u8) || f.Is(status, "cancelled"u8) || f.Is(status, "waitlist"u8);
        }),

        // As published, app-4 says no-show, which is no code: the code is noshow.
        ["app-4"] = new("cancelationReason is only for appointments that are cancelled or noshow. Correct status, or remove it.",
            OnlyWhen("cancelationReason", "status", "cancelled", "noshow")),
        ["apr-1"] = new("A response needs participantType or actor. Add one.", AnyOf("participantType", "actor")),
        ["sev-1"] = new("An entity has either a name or a query. Remove one.", NotBoth("name", "query")),
        ["grp-1"] = new("Only an actual group lists members. Set actual to true, or remove member.", OnlyWhen("member", "actual", "true")),
        ["lst-1"] = new("A list with entries is not empty. Remove emptyReason.", NotBoth("emptyReason", "entry")),
        ["lst-2"] = new("An entry can only be deleted in a list of mode changes. Remove deleted, or correct mode.", s => EntriesHave(s, "deleted", "changes")),
        ["lst-3"] = new("An entry can only have a date in a list of mode working. Remove date, or correct mode.", s => EntriesHave(s, "date", "working")),
        ["ppc-1"] = new("A consent needs policy or policyRule. Add one.", AnyOf("policy", "policyRule")),
        ["ppc-2"] = new("A consent for patient privacy needs a patient. Add it.", ScopeNeedsPatient("patient-privacy")),
        ["ppc-3"] = new("A consent for research needs a patient. Add it.", ScopeNeedsPatient("research")),
        ["ppc-4"] = new("A consent for advance directives needs a patient. Add it.", ScopeNeedsPatient("adr")),
        ["ppc-5"] = new("A consent for treatment needs a patient. Add it.", ScopeNeedsPatient("treatment")),
        ["Task inv-1"] = new("lastModified is before authoredOn. Correct one of them.", s => NotAfter(s, "authoredOn", "lastModified")),
        ["Parameters.parameter inv-1"] = new("A parameter has exactly one of value, resource and part. Keep one.", s =>
        {
            var (value, resource, part) = (At(s, "value"), At(s, "resource"), At(s, "part"));
            return (in f) => (f.Has(value) ? 1 : 0) + (f.Has(resource) ? 1 : 0) + (f.Has(part) ? 1 : 0) == 1;
        }),
        ["bdl-1"] = new("total is only for a searchset or a history. Remove it, or correct type.", OnlyWhen("total", "type", "searchset", "history")),
        ["bdl-2"] = new("entry.search is only for a searchset. Remove it, or correct type.", s => Entries(s, c => c.WithSearch, ["searchset"], required: false)),
        ["bdl-3"] = new("Every entry of a batch, transaction or history needs request; in other bundles request must not be there.",
            s => Entries(s, c => c.WithRequest, ["batch", "transaction", "history"], required: true)),
        ["bdl-4"] = new("Every entry of a batch-response, transaction-response or history needs response; in other bundles response must not be there.",
            s => Entries(s, c => c.WithResponse, ["batch-response", "transaction-response", "history"], required: true)),
        ["bdl-5"] = new("An entry needs a resource, a request or a response. Add one.", AnyOf("resource", "request", "response")),
        ["bdl-7"] = new("Two entries have the same fullUrl and the same version. Each must have its own.", FullUrlsDiffer),
        ["bdl-8"] = new("fullUrl must not name a version. Cut /_history/ and what follows.", s =>
        {
            var fullUrl = At(s, "fullUrl");
            return (in f) => f.Text(fullUrl).IndexOf("/_history/"u8) < 0;
        }, "fullUrl"),
        ["bdl-9"] = new("A document needs an identifier with system and value. Add it.", s =>
        {
            var (type, identifier) = (At(s, "type"), At(s, "identifier"));
            return (in f) => !f.Is(type, "document"u8)
                || (!Scan.Field(f.Json(identifier), "system"u8).IsEmpty && !Scan.Field(f.Json(identifier), "value"u8).IsEmpty);
        }),
        ["bdl-10"] = new("A document needs a timestamp. Add it.", NeededWhen("timestamp", "type", "document")),
        ["bdl-11"] = new("The first entry of a document must be a Composition.", s => FirstEntryIs(s, "document", ResourceType.Composition)),
        ["bdl-12"] = new("The first entry of a message must be a MessageHeader.", s => FirstEntryIs(s, "message", ResourceType.MessageHeader)),
        ["mrp-1"] = new("A measure report of type data-collection has no group. Remove it, or correct type.", NotWhen("group", "type", "data-collection")),
        ["mrp-2"] = new("A stratum has either a value or components. Keep one.", StrataHaveOne),
    };

    private static Holds NotHome(Shape shape)
    {
        var use = At(shape, "use");
        return (in f) => !f.Is(use, "home"u8);
    }

    private static Holds EntriesHave(Shape shape, string child, string mode)
    {
        var (entry, modeAt) = (At(shape, "entry"), At(shape, "mode"));
        var (name, value) = (System.Text.Encoding.ASCII.GetBytes(child), System.Text.Encoding.ASCII.GetBytes(mode));
        return (in f) =>
        {
            if (f.Is(modeAt, value))
            {
                return true;
            }

            foreach (var item in Scan.Items(f.Json(entry)))
            {
                if (!Scan.Field(item, name).IsEmpty)
                {
                    return false;
                }
            }

            return true;
        };
    }

    // As published, these four compare the system with the text "something": they are kept as published, so that a consent is not
    // refused for a rule that R4 does not state.
    private static Bound ScopeNeedsPatient(string code) => shape =>
    {
        var (patient, scope) = (At(shape, "patient"), At(shape, "scope"));
        return (in f) => f.Has(patient) || !Scan.HasCoding(f.Json(scope), "something"u8, code);
    };

    /// <summary>Which entries have a child: none unless the bundle has one of some types; then every one, if required.</summary>
    private static Holds Entries(Shape shape, Func<ResourceReader.EntryCounts, int> having, string[] types, bool required)
    {
        var type = At(shape, "type");
        var bytes = types.Select(System.Text.Encoding.ASCII.GetBytes).ToArray();
        return (in f) =>
        {
            var counts = f.Reader.BundleEntries;
            return IsAny(in f, type, bytes) ? !required || having(counts) == counts.Entries : having(counts) == 0;
        };
    }

    private static Holds FullUrlsDiffer(Shape shape)
    {
        var (type, entry) = (At(shape, "type"), At(shape, "entry"));
        return (in f) => f.Is(type, "history"u8) || f.Count(entry) < 2 || f.Reader.FullUrlsDiffer(in f, entry);
    }

    private static Holds FirstEntryIs(Shape shape, string bundleType, ResourceType resource)
    {
        var type = At(shape, "type");
        var wanted = System.Text.Encoding.ASCII.GetBytes(bundleType);
        return (in f) => !f.Is(type, wanted) || f.Reader.BundleEntries.First == resource;
    }

    private static Holds StrataHaveOne(Shape shape)
    {
        var group = At(shape, "group");
        return (in f) =>
        {
            foreach (var item in Scan.Items(f.Json(group)))
            {
                foreach (var stratifier in Scan.Items(Scan.Field(item, "stratifier"u8)))
                {
                    foreach (var stratum in Scan.Items(Scan.Field(stratifier, "stratum"u8)))
                    {
                        if (Scan.Field(stratum, "value"u8).IsEmpty == Scan.Field(stratum, "component"u8).IsEmpty)
                        {
                            return false;
                        }
                    }
                }
            }

            return true;
        };
    }
}
