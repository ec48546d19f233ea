namespace BetterCare.Care.Stratification.Runs;

/// <summary>How a person's level moved between two runs.</summary>
public enum LevelChange : byte
{
    /// <summary>Same level as before.</summary>
    Same = 0,

    /// <summary>Not in the previous run.</summary>
    New = 1,

    /// <summary>At a higher level than before.</summary>
    Risen = 2,

    /// <summary>At a lower level than before.</summary>
    Fallen = 3,

    /// <summary>In the previous run, not in this one.</summary>
    Left = 4,
}

/// <summary>One person who moved.</summary>
/// <param name="PatientKey">Storage key.</param>
/// <param name="Change">How.</param>
/// <param name="Before">Level in the previous run; 0: not in it.</param>
/// <param name="After">Level in this run; 0: not in it.</param>
public readonly record struct LevelMove(long PatientKey, LevelChange Change, byte Before, byte After);

/// <summary>The difference between a run and the one before it.</summary>
/// <param name="Moves">Everyone who moved, by patient key.</param>
/// <param name="Transitions">People from level (row 0 to 4) to level (column 0 to 4); 0: not in the run.</param>
public sealed record RunComparison(IReadOnlyList<LevelMove> Moves, int[][] Transitions)
{
    /// <summary>Number of people by change.</summary>
    public int Count(LevelChange change) => change == LevelChange.Same
        ? Enumerable.Range(1, 4).Sum(l => Transitions[l][l])
        : Moves.Count(m => m.Change == change);

    /// <summary>Compares two runs; both lists of keys rise.</summary>
    public static RunComparison Between(ReadOnlySpan<long> keysBefore, ReadOnlySpan<byte> levelsBefore, ReadOnlySpan<long> keysAfter, ReadOnlySpan<byte> levelsAfter)
    {
        var moves = new List<LevelMove>();
        var transitions = Enumerable.Range(0, 5).Select(_ => new int[5]).ToArray();
        for (int i = 0, j = 0; i < keysBefore.Length || j < keysAfter.Length;)
        {
            var onlyBefore = j == keysAfter.Length || (i < keysBefore.Length && keysBefore[i] < keysAfter[j]);
            var onlyAfter = !onlyBefore && (i == keysBefore.Length || keysAfter[j] < keysBefore[i]);
            var key = onlyAfter ? keysAfter[j] : keysBefore[i];
            var before = onlyAfter ? (byte)0 : levelsBefore[i];
            var after = onlyBefore ? (byte)0 : levelsAfter[j];
            i += onlyAfter ? 0 : 1;
            j += onlyBefore ? 0 : 1;
            transitions[before][after]++;
            if (before != after)
            {
                var change = onlyBefore ? LevelChange.Left : onlyAfter ? LevelChange.New : after > before ? LevelChange.Risen : LevelChange.Fallen;
                moves.Add(new LevelMove(key, change, before, after));
            }
        }

        return new RunComparison(moves, transitions);
    }
}
