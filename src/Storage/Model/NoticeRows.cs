using BetterCare.Care.Coordination.Reminders;

namespace BetterCare.Care.Storage.Model;

/// <summary>A reminder or alert to a professional, or to the team where nobody leads.</summary>
public sealed class ReminderRow
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Derived from the occasion and the recipient: the same occasion is never told twice.</summary>
    public required string Id { get; set; }

    /// <summary>What it is about.</summary>
    public ReminderKind Kind { get; set; }

    /// <summary>Logical id of the Practitioner; empty: the team.</summary>
    public required string Recipient { get; set; }

    /// <summary>The day it is about.</summary>
    public int OccasionDay { get; set; }

    /// <summary>Plain English, without anything that identifies the person.</summary>
    public required string Text { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>When somebody acknowledged it, or when its cause was gone; 0 open.</summary>
    public long ClosedAt { get; set; }

    /// <summary>Who acknowledged it; empty: its cause was gone, or it is open.</summary>
    public string ClosedBy { get; set; } = "";
}

/// <summary>What the service keeps of a FHIR Subscription beside the resource.</summary>
public sealed class SubscriptionState
{
    /// <summary>Id of the Subscription.</summary>
    public required string SubscriptionId { get; set; }

    /// <summary>Who created it.</summary>
    public required string CreatedBy { get; set; }

    /// <summary>ODS codes whose people it may tell of, with spaces between; <c>*</c> all.</summary>
    public required string Practices { get; set; }

    /// <summary>Flags of people of whom it must not tell.</summary>
    public int HiddenFlags { get; set; }

    /// <summary>Resources have been looked at up to this instant; Unix milliseconds.</summary>
    public long SeenUntil { get; set; }

    /// <summary>Events so far.</summary>
    public long Events { get; set; }
}

/// <summary>Where a notification stands. The number is stored; never reuse one.</summary>
public enum DeliveryState : byte
{
    /// <summary>To be sent.</summary>
    Waiting = 0,

    /// <summary>The endpoint took it.</summary>
    Delivered = 1,

    /// <summary>Given up; can be replayed.</summary>
    Dead = 2,
}

/// <summary>A notification of one version of one resource.</summary>
public sealed class SubscriptionDelivery
{
    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>Id of the Subscription.</summary>
    public required string SubscriptionId { get; set; }

    /// <summary>Number of the event within the subscription, from 1.</summary>
    public long Event { get; set; }

    /// <summary>Resource type number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id of the resource.</summary>
    public required string ResourceId { get; set; }

    /// <summary>Its version.</summary>
    public int Version { get; set; }

    /// <summary>Where it stands.</summary>
    public DeliveryState State { get; set; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; set; }

    /// <summary>When it is tried next; Unix milliseconds.</summary>
    public long NextAt { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>What went wrong last; empty nothing.</summary>
    public string Problem { get; set; } = "";
}
