namespace BetterCare.Care.Coordination.Coverage;

/// <summary>Which figure to hide, where a small one can be narrowed.</summary>
public sealed partial class DisclosureGuard
{
    private bool HideWhatWasKept(int exposed)
    {
        _sparing = false;
        var choice = HideFor(exposed);
        var hidden = choice >= 0 || HideFurtherOut(exposed);
        _sparing = true;
        return hidden;
    }

    private int FirstExposed(HashSet<int> but)
    {
        for (var i = 0; i < _exact.Count; i++)
        {
            if (IsExposed(i) && !but.Contains(i))
            {
                return i;
            }
        }

        return -1;
    }

    private bool IsExposed(int cell) =>
        Same(cell) == cell && IsSmall(_exact[cell]) && (_least[cell] > SuppressedCount.SmallestHidden || _mostKnown[cell] < SuppressedCount.LargestHidden);

    // Hides the smallest shown figure of each relation that narrows an exposed one: at most one per relation, because one
    // may be enough for all exposed in it.
    private int HideNearby()
    {
        var hidden = 0;
        var touched = new HashSet<int>();
        for (var cell = 0; cell < _exact.Count; cell++)
        {
            if (!IsExposed(cell) || _relationsOf[cell].Exists(touched.Contains))
            {
                continue;
            }

            var choice = HideFor(cell);
            if (choice >= 0)
            {
                touched.UnionWith(_relationsOf[choice]);
                hidden++;
            }
        }

        return hidden;
    }

    // Hides the smallest shown figure of the first relation that narrows an exposed one; -1: there is none.
    private int HideFor(int exposed)
    {
        foreach (var r in _relationsOf[exposed])
        {
            var choice = Narrows(_relations[r], exposed) ? SmallestShown(_relations[r], exposed) : -1;
            if (choice >= 0)
            {
                _hidden[choice] = true;
                return choice;
            }
        }

        return -1;
    }

    // Where all of a narrowing relation is hidden already, what is known of those hidden figures comes from other relations:
    // goes out to them and hides the first figure that helps.
    private bool HideFurtherOut(int exposed)
    {
        var seen = new HashSet<int> { exposed };
        var queue = new Queue<int>();
        foreach (var r in _relationsOf[exposed])
        {
            if (Narrows(_relations[r], exposed))
            {
                EnqueueHidden(_relations[r]);
            }
        }

        var (least, most) = (_least[exposed], _mostKnown[exposed]);
        while (queue.TryDequeue(out var cell))
        {
            foreach (var r in _relationsOf[cell])
            {
                var choice = SmallestShown(_relations[r], cell);
                if (choice < 0)
                {
                    EnqueueHidden(_relations[r]);
                    continue;
                }

                _hidden[choice] = true;
                Infer();
                if (_least[exposed] < least || _mostKnown[exposed] > most)
                {
                    return true;
                }

                _hidden[choice] = false;
            }
        }

        Infer();
        return false;

        void EnqueueHidden(Relation relation)
        {
            foreach (var other in relation.Cells)
            {
                if (_hidden[other] && seen.Add(other))
                {
                    queue.Enqueue(other);
                }
            }
        }
    }

    // Parts before the whole, and the smallest first: a total is worth more to readers than any part.
    private int SmallestShown(Relation relation, int but)
    {
        var choice = -1;
        for (var i = 1; i < relation.Cells.Length; i++)
        {
            var cell = relation.Cells[i];
            if (cell != but && MayHide(cell) && (choice < 0 || _exact[cell] < _exact[choice]))
            {
                choice = cell;
            }
        }

        var whole = relation.Cells[0];
        return choice < 0 && whole != but && MayHide(whole) ? whole : choice;
    }

    private bool MayHide(int cell) => !_hidden[cell] && _exact[cell] > 0 && !(_sparing && _kept.Contains(cell));
}
