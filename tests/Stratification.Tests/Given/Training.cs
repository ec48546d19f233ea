using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Tests.Stratification.Given;

internal static class Training
{
    /// <summary>Trains with the test's own cancellation.</summary>
    public static ModelDocument Fit(this IRiskModelTrainer trainer, TrainingSet data) =>
        trainer.Train(data, Reference.Card, ct: TestContext.Current.CancellationToken);
}
