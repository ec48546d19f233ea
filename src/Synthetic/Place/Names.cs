namespace BetterCare.Care.Synthetic.Place;

/// <summary>Names common in England, the commoner first; our own choice, of nobody in particular.</summary>
internal static class Names
{
    private static readonly string[] Family =
    [
        "Smith", "Jones", "Taylor", "Williams", "Brown", "Davies", "Evans", "Wilson", "Thomas", "Roberts", "Johnson", "Walker",
        "Wright", "Robinson", "Thompson", "White", "Hughes", "Edwards", "Green", "Hall", "Wood", "Harris", "Lewis", "Martin",
        "Jackson", "Clarke", "Clark", "Turner", "Hill", "Cooper", "Morris", "Ward", "Moore", "King", "Watson", "Baker", "Harrison",
        "Morgan", "Allen", "Scott", "Phillips", "James", "Bell", "Lee", "Kelly", "Parker", "Cook", "Bennett", "Miller", "Shaw",
        "Richardson", "Carter", "Collins", "Murphy", "Marshall", "Bailey", "Gray", "Cox", "Adams", "Price", "Foster", "Ellis",
        "Rimmer", "Ashcroft", "Fazakerley", "Halsall", "Molyneux", "Pilkington", "Rigby", "Sutton", "Whittle", "O'Brien", "O'Neill",
        "Byrne", "Doyle", "Fitzpatrick", "Gallagher", "McCarthy", "Nolan", "Sefton", "Blundell", "Winstanley", "Entwistle", "Hindle",
    ];

    private static readonly string[] FamilySouthAsian =
    [
        "Khan", "Patel", "Ahmed", "Hussain", "Begum", "Ali", "Singh", "Kaur", "Akhtar", "Mahmood", "Shah", "Iqbal", "Bibi", "Mistry", "Sharma", "Rahman",
    ];

    private static readonly string[] FamilyAfrican = ["Okafor", "Mensah", "Adeyemi", "Campbell", "Grant", "Okonkwo", "Osei", "Nwosu", "Bailey", "Joseph"];

    private static readonly string[] FamilyOther = ["Nowak", "Kowalski", "Chen", "Wong", "Popescu", "Silva", "Li", "Rossi", "Petrov", "Garcia", "Santos", "Ionescu"];

    private static readonly string[] WomenOld =
    [
        "Margaret", "Jean", "Mary", "Joan", "Patricia", "Sheila", "Barbara", "Doreen", "June", "Shirley", "Dorothy", "Joyce", "Maureen",
        "Elizabeth", "Audrey", "Brenda", "Kathleen", "Sylvia", "Eileen", "Pamela", "Betty", "Beryl", "Ann", "Irene", "Norma", "Vera", "Edna",
    ];

    private static readonly string[] WomenMiddle =
    [
        "Susan", "Julie", "Karen", "Jacqueline", "Deborah", "Tracey", "Jane", "Helen", "Diane", "Sharon", "Angela", "Alison", "Caroline",
        "Amanda", "Sandra", "Linda", "Catherine", "Elaine", "Gillian", "Lesley", "Nicola", "Joanne", "Michelle", "Lisa", "Sarah", "Claire",
    ];

    private static readonly string[] WomenYoung =
    [
        "Emma", "Laura", "Rebecca", "Gemma", "Rachel", "Lauren", "Jessica", "Charlotte", "Hannah", "Sophie", "Amy", "Emily", "Chloe",
        "Megan", "Lucy", "Olivia", "Grace", "Ella", "Ruby", "Amelia", "Isla", "Ava", "Mia", "Freya", "Poppy", "Evie",
    ];

    private static readonly string[] MenOld =
    [
        "John", "William", "George", "James", "Ronald", "Robert", "Kenneth", "Frederick", "Thomas", "Albert", "Eric", "Arthur", "Leslie",
        "Dennis", "Raymond", "Peter", "Derek", "Brian", "Stanley", "Norman", "Harold", "Roy", "Donald", "Alan", "Gordon", "Ernest",
    ];

    private static readonly string[] MenMiddle =
    [
        "David", "Paul", "Andrew", "Mark", "Michael", "Stephen", "Ian", "Robert", "Richard", "Christopher", "Peter", "Simon", "Anthony",
        "Kevin", "Gary", "Steven", "Martin", "Philip", "Neil", "Colin", "Graham", "Nigel", "Keith", "Timothy", "Jonathan", "Wayne",
    ];

    private static readonly string[] MenYoung =
    [
        "Daniel", "Matthew", "James", "Thomas", "Ryan", "Adam", "Luke", "Joshua", "Liam", "Jack", "Callum", "Connor", "Jordan",
        "Oliver", "Harry", "George", "Charlie", "Noah", "Oscar", "Jacob", "Leo", "Alfie", "Archie", "Henry", "Theo", "Freddie",
    ];

    private static readonly string[] WomenSouthAsian = ["Fatima", "Aisha", "Priya", "Nasreen", "Shabana", "Harpreet", "Anjali", "Zainab", "Rukhsana", "Meera"];

    private static readonly string[] MenSouthAsian = ["Mohammed", "Imran", "Rajesh", "Amir", "Tariq", "Gurpreet", "Sanjay", "Yusuf", "Bilal", "Vikram"];

    private static readonly string[] Streets =
    [
        "Mill Lane", "Church Road", "Station Road", "Victoria Road", "Park Avenue", "Green Lane", "The Crescent", "Queens Drive", "Liverpool Road",
        "Chapel Street", "Moss Lane", "Albert Road", "Heath Road", "School Lane", "Birch Grove", "Canal Street", "Derby Road", "Norton Lane",
        "Lime Tree Close", "Windsor Road", "Manor Road", "Sandy Lane", "Kingsway", "Halton Brow", "Dock Road", "Marsh Lane", "Orchard Way",
    ];

    private static readonly string[] Homes = ["Oakfield", "The Laurels", "Beech House", "St Mary's", "Riverside", "Ashlea", "Sandfield", "Willow Court"];

    /// <summary>A family name fitting an NHS ethnic category letter.</summary>
    public static string FamilyName(ref Dice dice, byte ethnicity) => ethnicity switch
    {
        (byte)'H' or (byte)'J' or (byte)'K' or (byte)'L' => Common(ref dice, FamilySouthAsian),
        (byte)'M' or (byte)'N' or (byte)'P' => Common(ref dice, FamilyAfrican),
        (byte)'C' or (byte)'R' or (byte)'S' => Common(ref dice, FamilyOther),
        _ => Common(ref dice, Family),
    };

    /// <summary>A given name fitting sex (0 F, 1 M), year of birth and ethnic category.</summary>
    public static string GivenName(ref Dice dice, int sex, int birthYear, byte ethnicity)
    {
        if (ethnicity is (byte)'H' or (byte)'J' or (byte)'K' or (byte)'L')
        {
            return Common(ref dice, sex == 0 ? WomenSouthAsian : MenSouthAsian);
        }

        var list = (sex, birthYear) switch
        {
            (0, < 1950) => WomenOld,
            (0, < 1980) => WomenMiddle,
            (0, _) => WomenYoung,
            (_, < 1950) => MenOld,
            (_, < 1980) => MenMiddle,
            _ => MenYoung,
        };
        return Common(ref dice, list);
    }

    public static string Street(ref Dice dice) => Streets[dice.Below(Streets.Length)];

    public static string CareHome(int number) => Homes[number % Homes.Length];

    // The first of a list is about four times as common as the last.
    private static string Common(ref Dice dice, string[] list)
    {
        var u = dice.Uniform();
        return list[(int)(list.Length * u * (0.4 + (0.6 * u)))];
    }
}
