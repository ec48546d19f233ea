using System.Globalization;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Synthetic.Matching;

/// <summary>A record of a synthetic file for matching.</summary>
/// <param name="Person">Number of the invented person whom it is about: equal for records of one person.</param>
/// <param name="Family">Family name.</param>
/// <param name="Given">Given names.</param>
/// <param name="Birth">yyyy-MM-dd.</param>
/// <param name="Gender">FHIR administrative gender.</param>
/// <param name="Postcode">Postcode; empty not known.</param>
/// <param name="Phone">Telephone; empty not known.</param>
/// <param name="Number">NHS number; null not known.</param>
/// <param name="Dirty">Whether an error was put into it.</param>
public sealed record MatchRecord(
    int Person, string Family, string[] Given, string Birth, string Gender, string Postcode, string Phone, NhsNumber? Number, bool Dirty)
{
    /// <summary>Says whose it is by number only.</summary>
    public override string ToString() => $"record of {Person}";
}

/// <summary>
/// A population in households, and incoming records of which it is known whom they mean: what a matcher is measured with.
/// Made to be hard where matching is: twins, fathers and sons of one name, shared telephones, relatives at the same address
/// who are not in the population at all.
/// </summary>
public sealed class MatchFile
{
    private const int PeoplePerPostcode = 40;
    private const ulong Household = 1;
    private const ulong Incoming = 2;

    private readonly ulong _seed;
    private readonly int _people;

    /// <summary>Describes a file; nothing is made yet.</summary>
    /// <param name="people">People of the population.</param>
    /// <param name="seed">The same seed makes the same file.</param>
    public MatchFile(int people, ulong seed)
    {
        (_people, _seed) = (people, seed);
    }

    /// <summary>The people of the population, clean, in order: the record at i is of person i.</summary>
    public IEnumerable<MatchRecord> Population()
    {
        for (var person = 0; person < _people; person++)
        {
            yield return Clean(person);
        }
    }

    /// <summary>Records that come in.</summary>
    /// <param name="count">How many.</param>
    /// <param name="known">Share whose person is in the population.</param>
    /// <param name="dirty">Share with one or two errors.</param>
    /// <param name="numbered">Share that have an NHS number.</param>
    public IEnumerable<MatchRecord> Records(int count, double known, double dirty, double numbered)
    {
        for (var i = 0; i < count; i++)
        {
            var dice = Dice.For(_seed, (ulong)i, Incoming);
            var person = dice.Below(_people);
            if (!dice.Chance(known))
            {
                // Everyone has a neighbour at home whom the population lacks: a twin, a brother, a lodger.
                person += _people;
            }

            var record = Clean(person) with { Number = null };
            if (dice.Chance(numbered))
            {
                record = record with { Number = NumberOf(person) };
            }

            if (dice.Chance(0.5))
            {
                record = record with { Phone = "" };
            }

            if (dice.Chance(dirty))
            {
                record = Errors.Put(ref dice, record, Clean(person >= _people ? person - _people : person ^ 1));
                if (dice.Chance(0.3))
                {
                    record = Errors.Put(ref dice, record, Clean(person >= _people ? person - _people : person ^ 1));
                }
            }

            yield return record;
        }
    }

    /// <summary>An NHS number of the invented person, in a range far from those that are issued today.</summary>
    private static NhsNumber NumberOf(int person)
    {
        for (var first = 900_000_000 + (person * 2); ; first++)
        {
            if (NhsNumber.WithFirstNine(first) is { } number)
            {
                return number;
            }
        }
    }

    // Two people to a household; person + population lives there as well.
    private MatchRecord Clean(int person)
    {
        var household = person % _people / 2;
        var home = Dice.For(_seed, (ulong)household, Household);
        var family = MatchNames.Family(ref home);
        var postcode = PostcodeOf(household * 2 / PeoplePerPostcode);
        var landline = home.Chance(0.5) ? $"01928 {500_000 + (household % 400_000)}" : "";
        var elder = 1930 + home.Below(70);
        var twins = home.Chance(0.03);
        var namesake = home.Chance(0.04);
        var sexOfEldest = home.Below(2);
        var bornOfEldest = new DateOnly(elder, 1, 1).AddDays(home.Below(365));
        var nameOfEldest = MatchNames.Given(ref home, sexOfEldest, elder);

        var dice = Dice.For(_seed, (ulong)person, 3);
        var place = person >= _people ? 2 : person % 2;
        var sex = place == 0 ? sexOfEldest : dice.Below(2);
        var born = place == 0 || (twins && place == 2) ? bornOfEldest : bornOfEldest.AddDays(place == 1 ? -dice.Below(2000) + 700 : 7500 + dice.Below(4000));
        var given = place == 0 ? nameOfEldest : MatchNames.Given(ref dice, sex, born.Year);
        if (place == 2 && namesake)
        {
            (given, sex) = (nameOfEldest, sexOfEldest);
        }

        if (place == 2 && twins && given == nameOfEldest)
        {
            given = MatchNames.Given(ref dice, sex, born.Year, other: nameOfEldest);
        }

        // A partner often keeps a name; a lodger has one.
        family = dice.Chance(place == 0 || twins ? 0 : 0.25) ? MatchNames.Family(ref dice) : family;
        var second = MatchNames.Given(ref dice, sex, born.Year, other: given);
        var mobile = dice.Chance(0.7) ? $"07700 {900_000 + (person % 99_991)}{person % 7}"[..12] : landline;
        return new MatchRecord(
            person, family, dice.Chance(0.6) ? [given, second] : [given], born.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), sex == 0 ? "female" : "male",
            postcode, landline.Length > 0 && dice.Chance(0.5) ? landline : mobile, NumberOf(person), false);
    }

    private static string PostcodeOf(int number)
    {
        const string Letters = "ABDEFGHJLNPQRSTUWXYZ";
        var unit = number % 400;
        var rest = number / 400;
        var sector = rest % 10;
        rest /= 10;
        return $"{(rest / 99 % 2 == 0 ? "WA" : "CH")}{(rest % 99) + 1} {sector}{Letters[unit / 20]}{Letters[unit % 20]}";
    }
}
