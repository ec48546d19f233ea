using System.Text;
using BetterCare.Care.Fhir.Nhs;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Nhs;

/// <summary>The modulus 11 check, with the worked examples of the NHS facts.</summary>
public sealed class NhsNumberTests
{
    [Theory]
    [InlineData("9434765919")]
    [InlineData("943 476 5919")]
    [InlineData("9111231130")]
    [InlineData("9990000018")]
    [InlineData("9990000026")]
    [InlineData("9000000009")]
    [InlineData("9000000017")]
    [InlineData("9000000025")]
    [InlineData("9000000033")]
    [InlineData("0000000108")]
    public void Check_ValidNumber_HasNoFault(string text)
    {
        var fault = NhsNumber.Check(Encoding.ASCII.GetBytes(text), out var number);

        fault.ShouldBe(NhsNumberFault.None);
        number.Value.ShouldBe(text.Replace(" ", string.Empty, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("9434765918", NhsNumberFault.CheckDigit)]
    [InlineData("9991234560", NhsNumberFault.CheckDigit)]
    [InlineData("943476591", NhsNumberFault.Length)]
    [InlineData("94347659190", NhsNumberFault.Length)]
    [InlineData("", NhsNumberFault.Length)]
    [InlineData("943-476-5919", NhsNumberFault.NotDigits)]
    [InlineData("ABC1234567", NhsNumberFault.NotDigits)]
    [InlineData("1111111111", NhsNumberFault.Placeholder)]
    [InlineData("0000000000", NhsNumberFault.Placeholder)]
    public void Check_InvalidNumber_NamesTheFault(string text, NhsNumberFault fault) =>
        NhsNumber.Check(Encoding.ASCII.GetBytes(text), out _).ShouldBe(fault);

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8), InlineData(9)]
    public void Check_NinthDigits999123456_HasNoCheckDigit(int last) =>
        NhsNumber.TryParse($"999123456{last}", out _).ShouldBeFalse();

    [Fact]
    public void Check_OneDigitChanged_IsRefused() =>
        Prop.ForAll(Valid(), Gen.Choose(0, 9).ToArbitrary(), Gen.Choose(1, 9).ToArbitrary(), (number, at, by) =>
        {
            var digits = number.ToCharArray();
            digits[at] = (char)('0' + ((digits[at] - '0' + by) % 10));
            return !NhsNumber.TryParse(new string(digits), out _);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Check_NeighboursSwapped_IsRefused() =>
        Prop.ForAll(Valid(), Gen.Choose(0, 8).ToArbitrary(), (number, at) =>
        {
            var digits = number.ToCharArray();
            (digits[at], digits[at + 1]) = (digits[at + 1], digits[at]);
            return digits[at] == digits[at + 1] || !NhsNumber.TryParse(new string(digits), out _);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void ToString_ValidNumber_HidesTheDigits() =>
        NhsNumber.Parse("9434765919").ToString().ShouldNotContain("943476");

    private static Arbitrary<string> Valid() =>
        Gen.Choose(0, 999_999_999)
            .Select(n => n.ToString("D9"))
            .Select(nine => Enumerable.Range(0, 10).Select(c => $"{nine}{c}").FirstOrDefault(t => NhsNumber.TryParse(t, out _)))
            .Where(number => number is not null)
            .Select(number => number!)
            .ToArbitrary();
}
