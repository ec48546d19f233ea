namespace BetterCare.Care.Fhir.Search;

/// <summary>Reads the references that a reference parameter finds: for <c>_include</c>, <c>_revinclude</c>, chains and indexes.</summary>
public static class References
{
    /// <summary>The local resources that a resource refers to by a parameter, as <c>Type/id</c>, each once, in order.</summary>
    /// <param name="parameter">A reference parameter of the resource's type.</param>
    /// <param name="json">The resource.</param>
    /// <param name="serviceBase">The server's own base URL without last slash: absolute references below it are local too.</param>
    public static IReadOnlyList<string> Keys(SearchParameter parameter, ReadOnlySpan<byte> json, string serviceBase = "")
    {
        var collector = new Collector(serviceBase);
        parameter.Visit(new JsonView(json), ref collector);
        return (IReadOnlyList<string>?)collector.Keys ?? [];
    }

    private struct Collector(string serviceBase) : IElementVisitor
    {
        public List<string>? Keys { get; private set; }

        public bool Visit(scoped in Element element)
        {
            var reference = ResourceReference.Parse(element.Type == FhirType.Reference ? element.Value["reference"u8].Text : element.Value.Text);
            if (reference.IsBelow(serviceBase))
            {
                var key = reference.ToString();
                Keys ??= [];
                if (!Keys.Contains(key))
                {
                    Keys.Add(key);
                }
            }

            return false;
        }
    }
}
