using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("BetterCare.Care.Storage.Tests")]
