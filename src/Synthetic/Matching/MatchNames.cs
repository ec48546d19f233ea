using BetterCare.Care.Synthetic.Place;

namespace BetterCare.Care.Synthetic.Matching;

/// <summary>
/// Names as unequal as real ones: half the people share the common names of <see cref="Names"/>, the other half have one of
/// some three thousand that are put together from the parts of English place and trade names.
/// </summary>
internal static class MatchNames
{
    private static readonly string[] Heads =
    [
        "Ash", "Black", "Brad", "Brom", "Burn", "Cald", "Carl", "Chad", "Clay", "Cold", "Crow", "Dal", "Dun", "East", "Elms", "Fair", "Fern", "Forth",
        "Gal", "Glen", "Gold", "Grim", "Hal", "Hart", "Haw", "Hazel", "Hey", "High", "Holl", "Horn", "Hut", "Kel", "Ken", "Kirk", "Lang", "Leigh", "Lin",
        "Long", "Lyn", "Mar", "Mel", "Mid", "Mil", "Mor", "Nether", "New", "North", "Oak", "Old", "Pem", "Pen", "Pick", "Raven", "Red", "Rock", "Ros",
        "Rush", "Sand", "Shel", "Ship", "Silver", "Stan", "Staple", "Stock", "Strat", "Swan", "Tarn", "Thorn", "Thur", "Up", "Wake", "War", "Wat", "Wel",
        "West", "Whit", "Wid", "Wil", "Win", "Wood", "Worth", "Wyn", "Yar", "York",
    ];

    private static readonly string[] Tails =
    [
        "ton", "ley", "worth", "field", "ford", "by", "thorpe", "wick", "ham", "stead", "well", "wood", "shaw", "croft", "ridge", "dale", "burn", "gate",
        "house", "man", "er", "son", "combe", "hurst", "bridge", "bury", "low", "more", "wright", "smith", "grave", "wall", "water", "path", "cliffe", "den",
    ];

    public static string Family(ref Dice dice)
    {
        if (dice.Chance(0.5))
        {
            return Names.FamilyName(ref dice, dice.Chance(0.85) ? (byte)'A' : dice.Chance(0.5) ? (byte)'H' : (byte)'C');
        }

        var name = Heads[dice.Below(Heads.Length)] + Tails[dice.Below(Tails.Length)];
        return dice.Chance(0.02) ? $"{name}-{Heads[dice.Below(Heads.Length)]}{Tails[dice.Below(Tails.Length)]}" : name;
    }

    public static string Given(ref Dice dice, int sex, int year, string other = "")
    {
        while (true)
        {
            var name = Names.GivenName(ref dice, sex, year, dice.Chance(0.93) ? (byte)'A' : (byte)'H');
            if (name != other)
            {
                return name;
            }
        }
    }
}
