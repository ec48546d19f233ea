namespace BetterCare.Care.Storage.Ingest;

/// <summary>Limits a sender to the people of some practices. Anybody else is, to the sender, as if they were not here.</summary>
public interface ISenderFence
{
    /// <summary>URI of the supplier as which the sender's word about other practices' people is kept, beside the record that is shown.</summary>
    string Supplier { get; }

    /// <summary>Whether the sender may send data about a person who is here.</summary>
    ValueTask<bool> AllowsAsync(long patientKey, CancellationToken ct);

    /// <summary>Whether the sender may register people with a practice.</summary>
    bool AllowsPractice(string practiceCode);
}
