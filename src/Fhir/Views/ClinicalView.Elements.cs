using System.Text.Json;

namespace BetterCare.Care.Fhir.Views;

public sealed partial class ClinicalView
{
    private void Components(ref Utf8JsonReader r)
    {
        if (r.TokenType != JsonTokenType.StartArray)
        {
            r.Skip();
            return;
        }

        for (ushort index = 0; r.Read() && r.TokenType == JsonTokenType.StartObject; index++)
        {
            while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
            {
                if (r.ValueTextEquals("code"u8))
                {
                    r.Read();
                    Concept(CodingSlot.ComponentCode, index, ref r);
                }
                else if (r.ValueTextEquals("valueQuantity"u8))
                {
                    r.Read();
                    Quantity(index, ref r);
                }
                else
                {
                    r.Read();
                    r.Skip();
                }
            }
        }
    }

    private void Number(ref Utf8JsonReader r)
    {
        if (r.TokenType == JsonTokenType.Number && r.TryGetDouble(out var value))
        {
            _quantities.Add(new QuantityView(-1, value, default));
        }
    }

    private void Quantity(int component, ref Utf8JsonReader r)
    {
        if (r.TokenType != JsonTokenType.StartObject)
        {
            r.Skip();
            return;
        }

        var value = double.NaN;
        Range unit = default, code = default;
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            if (r.ValueTextEquals("value"u8))
            {
                r.Read();
                _ = r.TokenType == JsonTokenType.Number && r.TryGetDouble(out value);
            }
            else if (r.ValueTextEquals("unit"u8))
            {
                r.Read();
                unit = Text(ref r);
            }
            else if (r.ValueTextEquals("code"u8))
            {
                r.Read();
                code = Text(ref r);
            }
            else
            {
                r.Read();
                r.Skip();
            }
        }

        if (!double.IsNaN(value))
        {
            _quantities.Add(new QuantityView(component, value, IsEmpty(code) ? unit : code));
        }
    }

    private void Meta(ref Utf8JsonReader r) => Walk(ref r, static (ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner) =>
    {
        if (name.SequenceEqual("security"u8))
        {
            view.Concepts(CodingSlot.Security, ref inner);
        }
        else
        {
            inner.Skip();
        }
    });

    private void Hospitalization(ref Utf8JsonReader r) => Walk(ref r, static (ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner) =>
    {
        if (name.SequenceEqual("admitSource"u8))
        {
            view.Concepts(CodingSlot.AdmitSource, ref inner);
        }
        else if (name.SequenceEqual("dischargeDisposition"u8))
        {
            view.Concepts(CodingSlot.DischargeDisposition, ref inner);
        }
        else if (name.SequenceEqual("extension"u8))
        {
            view.Extensions(ref inner);
        }
        else
        {
            inner.Skip();
        }
    });

    private void Identifiers(ref Utf8JsonReader r) => Walk(ref r, static (ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner) =>
    {
        if (name.SequenceEqual("extension"u8))
        {
            view.Extensions(ref inner);
        }
        else
        {
            inner.Skip();
        }
    });

    private void Addresses(ref Utf8JsonReader r) => Walk(ref r, static (ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner) =>
    {
        if (name.SequenceEqual("postalCode"u8) && IsEmpty(view.Postcode))
        {
            view.Postcode = Text(ref inner);
        }
        else if (name.SequenceEqual("district"u8) && IsEmpty(view.District))
        {
            view.District = Text(ref inner);
        }
        else if (name.SequenceEqual("extension"u8))
        {
            view.Extensions(ref inner);
        }
        else
        {
            inner.Skip();
        }
    });

    private void Names(ref Utf8JsonReader r)
    {
        if (r.TokenType == JsonTokenType.String)
        {
            Name = Text(ref r);
            return;
        }

        Walk(ref r, static (ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner) =>
        {
            if (name.SequenceEqual("family"u8) && IsEmpty(view.Family))
            {
                view.Family = Text(ref inner);
            }
            else if (name.SequenceEqual("given"u8) && IsEmpty(view.Given) && inner.TokenType == JsonTokenType.StartArray)
            {
                inner.Read();
                view.Given = inner.TokenType == JsonTokenType.String ? Text(ref inner) : default;
                while (inner.TokenType != JsonTokenType.EndArray && inner.Read())
                {
                }
            }
            else
            {
                inner.Skip();
            }
        });
    }

    private void Practices(ref Utf8JsonReader r) => Walk(ref r, static (ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner) =>
    {
        if (name.SequenceEqual("reference"u8) && IsEmpty(view.PracticeReference))
        {
            view.PracticeReference = Text(ref inner);
        }
        else if (name.SequenceEqual("identifier"u8))
        {
            Walk(view, ref inner, static (ClinicalView v, ReadOnlySpan<byte> n, ref Utf8JsonReader deep) =>
            {
                if (n.SequenceEqual("value"u8) && IsEmpty(v.PracticeCode))
                {
                    v.PracticeCode = Text(ref deep);
                }
                else
                {
                    deep.Skip();
                }
            });
        }
        else
        {
            inner.Skip();
        }
    });

    /// <summary>UK Core extensions that hold a concept we compute with.</summary>
    private void Extensions(ref Utf8JsonReader r)
    {
        if (r.TokenType != JsonTokenType.StartArray)
        {
            r.Skip();
            return;
        }

        while (r.Read() && r.TokenType == JsonTokenType.StartObject)
        {
            var slot = CodingSlot.Other;
            var first = _codings.Count;
            Range text = default;
            var isArea = false;
            while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
            {
                if (r.ValueTextEquals("url"u8))
                {
                    r.Read();
                    isArea = r.ValueTextEquals(CensusTractUrl);
                    slot = r.ValueTextEquals(AdmissionMethodUrl) ? CodingSlot.AdmissionMethod
                        : r.ValueTextEquals(EthnicCategoryUrl) ? CodingSlot.Ethnicity
                        : r.ValueTextEquals(VerificationUrl) ? CodingSlot.NumberVerification
                        : CodingSlot.Other;
                }
                else if (r.ValueTextEquals("valueCodeableConcept"u8))
                {
                    r.Read();
                    Concepts(CodingSlot.Other, ref r);
                }
                else if (r.ValueTextEquals("valueString"u8))
                {
                    r.Read();
                    text = Text(ref r);
                }
                else
                {
                    r.Read();
                    r.Skip();
                }
            }

            if (isArea)
            {
                SmallArea = text;
            }

            // The url may come after the value, so the slot is set once both are read.
            for (var i = _codings.Count - 1; i >= first; i--)
            {
                if (slot == CodingSlot.Other)
                {
                    _codings.RemoveAt(i);
                }
                else
                {
                    _codings[i] = _codings[i] with { Slot = slot };
                }
            }
        }
    }
}
