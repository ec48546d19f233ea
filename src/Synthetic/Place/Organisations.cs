using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.Place;

/// <summary>
/// An organisation to write. Its code is the ODS code (real for practices, networks and integrated care boards) or a
/// made-up one that begins SYN, and is also the resource id. Its role is an ODS role code, or empty.
/// </summary>
internal sealed record Organisation(string Code, string Name, string Role, string RoleTerm, string? PartOf, string? Postcode, string? District);

/// <summary>
/// Practice → primary care network (neighbourhood) → place → integrated care board. Hospital, community, mental health
/// and social care providers are made up and say so in their names.
/// </summary>
internal static class Organisations
{
    public static string Hospital(AreaData area) => $"SYNH{area.Index}";

    public static string Community(AreaData area) => $"SYNC{area.Index}";

    public static string MentalHealth(AreaData area) => $"SYNM{area.Index}";

    public static string Council(AreaData area) => $"SYNL{area.Index}";

    public static string HomeCare(AreaData area) => $"SYND{area.Index}";

    public static string PlaceOf(AreaData area) => $"SYNP{area.Index}";

    public static IEnumerable<Organisation> For(IReadOnlyList<PracticeInfo> practices)
    {
        foreach (var board in practices.Select(p => Board(p.Area)).Distinct())
        {
            yield return new Organisation(board.Code, board.Name, "RO318", "Integrated care board", null, null, null);
        }

        foreach (var area in practices.Select(p => p.Area).Distinct())
        {
            var place = PlaceOf(area);
            yield return new Organisation(place, $"{area.Name} Place", "", "Place", Board(area).Code, null, area.Name);
            yield return new Organisation(Hospital(area), $"{area.Name} Hospitals (synthetic)", "RO197", "NHS trust", null, null, area.Name);
            yield return new Organisation(Community(area), $"{area.Name} Community Health Services (synthetic)", "RO197", "NHS trust", null, null, area.Name);
            yield return new Organisation(MentalHealth(area), $"{area.Name} Mental Health Services (synthetic)", "RO197", "NHS trust", null, null, area.Name);
            yield return new Organisation(Council(area), $"{area.Name} Council Adult Social Care (synthetic)", "RO141", "Local authority", null, null, area.Name);
            yield return new Organisation(HomeCare(area), $"{area.Name} Home Care (synthetic)", "RO270", "Domiciliary care", null, null, area.Name);
        }

        foreach (var network in practices.GroupBy(p => p.PcnCode, StringComparer.Ordinal))
        {
            yield return new Organisation(network.Key, network.First().PcnName, "RO272", "Primary care network", PlaceOf(network.First().Area), null, network.First().Area.Name);
        }

        foreach (var practice in practices)
        {
            yield return new Organisation(practice.OdsCode, practice.Name, "RO76", "GP practice", practice.PcnCode, practice.Postcode, practice.Area.Name);
        }
    }

    private static (string Code, string Name) Board(AreaData area) => area.Name == "Lancashire"
        ? ("QE1", "NHS Lancashire and South Cumbria Integrated Care Board")
        : ("QYG", "NHS Cheshire and Merseyside Integrated Care Board");
}
