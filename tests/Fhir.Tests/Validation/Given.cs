using System.Text;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>Resources in short form: <c>'</c> stands for <c>"</c>.</summary>
internal static class Given
{
    public static byte[] Json(string text) => Encoding.UTF8.GetBytes(text.Replace('\'', '"'));

    public static string Patient(string rest) => $"{{'resourceType':'Patient',{rest}}}";

    public static string Observation(string rest) => $"{{'resourceType':'Observation','status':'final','code':{{'text':'x'}},{rest}}}";

    /// <summary>A parameter with one value, to try any primitive or data type.</summary>
    public static string Value(string type, string json) => $"{{'resourceType':'Parameters','parameter':[{{'name':'p','value{type}':{json}}}]}}";

    /// <summary>The issues of a resource, and whether it is valid.</summary>
    public static (bool Valid, IReadOnlyList<Issue> Issues) Read(string text, ReaderOptions? options = null)
    {
        var reader = new ResourceReader();
        var valid = reader.Read(Json(text), options);
        return (valid, reader.Issues);
    }
}
