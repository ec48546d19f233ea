using System.Text;
using BetterCare.Care.Storage.Ingest;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Storage;

public sealed class RecentTextsTests
{
    [Fact]
    public void Of_AnyTextsInAnyOrder_IsWhatTheBytesSay() => Prop.ForAll<string[]>(
        ArbMap.Default.ArbFor<string[]>(),
        texts =>
        {
            var recent = new RecentTexts();
            return texts.Concat(texts).Select(t => Encoding.UTF8.GetBytes(t ?? "")).All(utf8 => recent.Of(utf8) == Encoding.UTF8.GetString(utf8));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Of_ThousandsOfNumbers_NeverAnswersWithAnother()
    {
        var recent = new RecentTexts();
        for (var i = 0; i < 50_000; i++)
        {
            var text = $"Patient/{9_990_000_000 + (i % 7000)}";
            recent.Of(Encoding.UTF8.GetBytes(text)).ShouldBe(text);
        }
    }

    [Fact]
    public void Of_TheSameAgain_IsTheSameString()
    {
        var recent = new RecentTexts();

        recent.Of("https://gp.example.nhs.uk/N81072"u8).ShouldBeSameAs(recent.Of("https://gp.example.nhs.uk/N81072"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("é")]
    [InlineData("Patient/☂")]
    public void Of_EmptyOrBeyondAscii_IsTheText(string text) => new RecentTexts().Of(Encoding.UTF8.GetBytes(text)).ShouldBe(text);
}
