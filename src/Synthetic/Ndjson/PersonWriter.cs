using BetterCare.Care.Fhir;
using BetterCare.Care.Synthetic.People;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>Writes one person with all that happened, and the line of hidden risk that FHIR never sees.</summary>
internal sealed class PersonWriter(ResourceText text)
{
    private readonly ResourceText _text = text;
    private readonly PatientWriter _patients = new(text);
    private readonly EncounterWriter _encounters = new(text);
    private readonly ClinicalWriter _clinical = new(text);

    public void Write(Person person, Chunk chunk)
    {
        _patients.Write(person, chunk);
        _clinical.WriteTraits(person, chunk);
        for (var i = 0; i < person.Events.Count; i++)
        {
            WriteEvent(person, i, chunk);
        }

        WriteHiddenRisk(person, chunk.HiddenRisk);
        WriteIndex(person, chunk.PatientIndex);
        chunk.People++;
    }

    private void WriteEvent(Person person, int number, Chunk chunk)
    {
        switch (person.Events[number].Kind)
        {
            case LifeKind.HospitalDiagnosis:
                _clinical.WriteDiagnosis(person, number, chunk[ResourceType.Condition]);
                break;
            case LifeKind.Procedure:
                _clinical.WriteProcedure(person, number, chunk[ResourceType.Procedure]);
                break;
            case LifeKind.Measurement:
                _clinical.WriteMeasurement(person, number, chunk[ResourceType.Observation]);
                break;
            case LifeKind.RepeatMedicine or LifeKind.AcuteMedicine:
                _clinical.WriteMedicine(person, number, chunk[ResourceType.MedicationRequest]);
                break;
            case LifeKind.Fall:
                _clinical.WriteFall(person, number, chunk[ResourceType.Condition]);
                break;
            case LifeKind.SocialCircumstance:
                _clinical.WriteCircumstance(person, number, chunk[ResourceType.Observation]);
                break;
            case LifeKind.SocialService:
                _clinical.WriteService(person, number, chunk[ResourceType.EpisodeOfCare]);
                break;
            case LifeKind.GpMissed or LifeKind.OutpatientMissed:
                _clinical.WriteAppointment(person, number, chunk[ResourceType.Appointment]);
                break;
            case LifeKind.FutureAppointment:
                if (person.DeathDay == 0 && person.DeregisteredDay == 0)
                {
                    _clinical.WriteAppointment(person, number, chunk[ResourceType.Appointment]);
                }

                break;
            default:
                _encounters.Write(person, number, chunk[ResourceType.Encounter]);
                break;
        }
    }

    private static void WriteHiddenRisk(Person person, Lines to)
    {
        to.TenDigits(person.Number.Number);
        foreach (var risk in person.TrueRisk)
        {
            to.Put(","u8);
            if (!double.IsNaN(risk))
            {
                to.Put("0."u8);
                var millionths = Math.Min(999_999, (int)Math.Round(risk * 1_000_000, MidpointRounding.AwayFromZero));
                for (var place = 100_000; place > millionths && place > 1; place /= 10)
                {
                    to.Put("0"u8);
                }

                to.Number(millionths);
            }
        }

        to.End();
    }

    private static void WriteIndex(Person person, Lines to)
    {
        to.TenDigits(person.Number.Number).Put(","u8).Put(person.Sex == 0 ? "female,"u8 : "male,"u8).Date(person.BirthDay).Put(","u8);
        if (person.DeathDay != 0)
        {
            to.Date(person.DeathDay);
        }

        to.Put(","u8).Text(person.Practice.OdsCode).Put(","u8).Text(person.Practice.Area.Name).Put(","u8).Text(person.Lsoa.Code).Put(","u8).Number(person.Lsoa.Decile).End();
    }
}
