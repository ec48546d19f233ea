using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("BetterCare.Care.Api.Tests")]
