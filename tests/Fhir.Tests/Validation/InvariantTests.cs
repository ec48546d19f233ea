using System.Text.Json;
using BetterCare.Care.Fhir.Validation;
using static BetterCare.Care.Tests.Fhir.Validation.Given;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>Every invariant of the types that the service stores, broken and kept.</summary>
public sealed class InvariantTests
{
    private const string Sct = "'system':'http://snomed.info/sct'";
    private const string Allergy = "'resourceType':'AllergyIntolerance','patient':{'display':'a'}";
    private const string AllergyStatus = "'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification'";
    private const string AllergyActive = "'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical','code':'active'}]}";
    private const string Condition = "'resourceType':'Condition','subject':{'display':'a'}";
    private const string ConditionWrong = "'verificationStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-ver-status','code':'entered-in-error'}]}";
    private const string ProblemList = "'category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-category','code':'problem-list-item'}]}]";
    private const string Consent = "'resourceType':'Consent','status':'active','category':[{'text':'a'}],'policyRule':{'text':'a'}";
    private const string Appointment = "'resourceType':'Appointment','participant':[{'actor':{'display':'a'},'status':'accepted'}]";
    private const string Times = "'start':'2024-01-01T10:00:00Z','end':'2024-01-01T11:00:00Z'";
    private const string Audit = "'resourceType':'AuditEvent','type':{'code':'rest'},'recorded':'2024-01-01T10:00:00Z','agent':[{'requestor':true}],'source':{'observer':{'display':'a'}}";
    private const string List = "'resourceType':'List','status':'current'";
    private const string Immunization = "'resourceType':'Immunization','status':'completed','vaccineCode':{'text':'a'},'patient':{'display':'a'},'occurrenceDateTime':'2020'";
    private const string Administration = "'resourceType':'MedicationAdministration','status':'completed','medicationCodeableConcept':{'text':'a'},'subject':{'display':'a'},'effectiveDateTime':'2020'";
    private const string Request = "'resourceType':'ServiceRequest','status':'active','intent':'order','subject':{'display':'a'}";
    private const string Risk = "'resourceType':'RiskAssessment','status':'final','subject':{'display':'a'}";
    private const string Plan = "'resourceType':'CarePlan','status':'active','intent':'plan','subject':{'display':'a'}";
    private const string Report = "'resourceType':'MeasureReport','status':'complete','measure':'http://x.org/m','period':{'start':'2020'}";
    private const string Goal = "'resourceType':'Goal','lifecycleStatus':'active','description':{'text':'a'},'subject':{'display':'a'}";
    private const string Patient1 = "'resource':{'resourceType':'Patient','id':'1'}";
    private const string Put = "'request':{'method':'PUT','url':'Patient/1'}";
    private const string Ok = "'response':{'status':'200'}";
    private const string Ucum = "'system':'http://unitsofmeasure.org'";

    /// <summary>Key, a resource that breaks it and one that keeps it, and where the issue is.</summary>
    public static TheoryData<string, string, string, string> Pairs => new()
    {
        { "ele-1", Patient("'name':[{'id':'a'}]"), Patient("'name':[{'id':'a','text':'b'}]"), "Patient.name[0]" },
        { "ext-1", Patient("'extension':[{'url':'http://x.org'}]"), Patient("'extension':[{'url':'http://x.org','valueCode':'a'}]"), "Patient.extension[0]" },
        { "dom-2", Observation("'contained':[{'resourceType':'Patient','id':'p','contained':[{'resourceType':'Organization','id':'o','name':'a'}],'managingOrganization':{'reference':'#o'}}],'subject':{'reference':'#p'}"), Observation("'contained':[{'resourceType':'Patient','id':'p'}],'subject':{'reference':'#p'}"), "Observation.contained[0].contained[0]" },
        { "dom-3", Observation("'contained':[{'resourceType':'Patient','id':'p'}],'subject':{'reference':'Patient/p'}"), Observation("'contained':[{'resourceType':'Patient','id':'p','link':[{'other':{'reference':'#'},'type':'refer'}]}]"), "Observation.contained[0]" },
        { "dom-4", Observation("'contained':[{'resourceType':'Patient','id':'p','meta':{'versionId':'1'}}],'subject':{'reference':'#p'}"), Observation("'contained':[{'resourceType':'Patient','id':'p','meta':{'source':'http://x.org'}}],'subject':{'reference':'#p'}"), "Observation.contained[0].meta" },
        { "dom-5", Observation("'contained':[{'resourceType':'Patient','id':'p','meta':{'security':[{'code':'R'}]}}],'subject':{'reference':'#p'}"), Observation("'contained':[{'resourceType':'Patient','id':'p','meta':{'tag':[{'code':'R'}]}}],'subject':{'reference':'#p'}"), "Observation.contained[0].meta" },
        { "dom-6", Patient("'id':'1'"), Patient("'text':{'status':'generated','div':'<div>a</div>'}"), "Patient" },
        { "txt-1", Patient("'text':{'status':'generated','div':'<div><form>a</form></div>'}"), Patient("'text':{'status':'generated','div':'<div>a</div>'}"), "Patient.text.div" },
        { "txt-2", Patient("'text':{'status':'generated','div':'<div> </div>'}"), Patient("'text':{'status':'generated','div':'<div><img src=\\'#a\\'/></div>'}"), "Patient.text.div" },
        { "ref-1", Observation("'subject':{'reference':'#p'}"), Observation("'subject':{'reference':'#p'},'contained':[{'resourceType':'Patient','id':'p'}]"), "Observation.subject.reference" },
        { "per-1", Value("Period", "{'start':'2024-02-01','end':'2024-01-31'}"), Value("Period", "{'start':'2024-02-01','end':'2024-02'}"), "Parameters.parameter[0].value" },
        { "per-1", Value("Period", "{'start':'2024-01-01T11:00:00+01:00','end':'2024-01-01T09:59:59Z'}"), Value("Period", "{'start':'2024-01-01T11:00:00+01:00','end':'2024-01-01T10:00:00Z'}"), "Parameters.parameter[0].value" },
        { "qty-3", Value("Quantity", "{'value':1,'code':'mg'}"), Value("Quantity", "{'value':1,'unit':'mg'}"), "Parameters.parameter[0].value" },
        { "sqty-1", Value("Range", "{'low':{'value':1,'comparator':'<'}}"), Value("Range", "{'low':{'value':1}}"), "Parameters.parameter[0].value.low.comparator" },
        { "age-1", Value("Age", "{'value':0,'code':'a'," + Ucum + "}"), Value("Age", "{'value':1,'code':'a'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "age-1", Value("Age", "{'value':1}"), Value("Age", "{'value':1,'code':'a'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "age-1", Value("Age", "{'value':1,'code':'a'," + Sct + "}"), Value("Age", "{'value':1,'code':'a'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "cnt-3", Value("Count", "{'value':1.5,'code':'1'," + Ucum + "}"), Value("Count", "{'value':1,'code':'1'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "cnt-3", Value("Count", "{'value':1,'code':'2'," + Ucum + "}"), Value("Count", "{'value':1,'code':'1'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "dis-1", Value("Distance", "{'value':1}"), Value("Distance", "{'value':1,'code':'m'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "drt-1", Value("Duration", "{'code':'h'," + Ucum + "}"), Value("Duration", "{'value':1,'code':'h'," + Ucum + "}"), "Parameters.parameter[0].value" },
        { "rng-2", Value("Range", "{'low':{'value':2,'unit':'mg'},'high':{'value':1.9,'unit':'mg'}}"), Value("Range", "{'low':{'value':2,'unit':'mg'},'high':{'value':1,'unit':'g'}}"), "Parameters.parameter[0].value" },
        { "rat-1", Value("Ratio", "{'numerator':{'value':1}}"), Value("Ratio", "{'numerator':{'value':1},'denominator':{'value':2}}"), "Parameters.parameter[0].value" },
        { "att-1", Value("Attachment", "{'data':'YQ=='}"), Value("Attachment", "{'data':'YQ==','contentType':'text/plain'}"), "Parameters.parameter[0].value" },
        { "cpt-2", Patient("'telecom':[{'value':'1'}]"), Patient("'telecom':[{'value':'1','system':'phone'}]"), "Patient.telecom[0]" },
        { "exp-1", Value("Expression", "{'language':'text/cql'}"), Value("Expression", "{'language':'text/cql','expression':'1'}"), "Parameters.parameter[0].value" },
        { "drq-1", Value("DataRequirement", "{'type':'Patient','codeFilter':[{'path':'a','searchParam':'b'}]}"), Value("DataRequirement", "{'type':'Patient','codeFilter':[{'path':'a'}]}"), "Parameters.parameter[0].value.codeFilter[0]" },
        { "drq-2", Value("DataRequirement", "{'type':'Patient','dateFilter':[{'valueDateTime':'2020'}]}"), Value("DataRequirement", "{'type':'Patient','dateFilter':[{'searchParam':'a'}]}"), "Parameters.parameter[0].value.dateFilter[0]" },
        { "trd-1", Value("TriggerDefinition", "{'type':'data-added','data':[{'type':'Patient'}],'timingDate':'2020'}"), Value("TriggerDefinition", "{'type':'data-added','data':[{'type':'Patient'}]}"), "Parameters.parameter[0].value" },
        { "trd-2", Value("TriggerDefinition", "{'type':'named-event','name':'a','condition':{'language':'text/cql','expression':'1'}}"), Value("TriggerDefinition", "{'type':'data-added','data':[{'type':'Patient'}],'condition':{'language':'text/cql','expression':'1'}}"), "Parameters.parameter[0].value" },
        { "trd-3", Value("TriggerDefinition", "{'type':'periodic'}"), Value("TriggerDefinition", "{'type':'periodic','timingDate':'2020'}"), "Parameters.parameter[0].value" },
        { "tim-1", Repeat("'duration':1"), Repeat("'duration':1,'durationUnit':'h'"), "Parameters.parameter[0].value.repeat" },
        { "tim-2", Repeat("'period':1"), Repeat("'period':1,'periodUnit':'d'"), "Parameters.parameter[0].value.repeat" },
        { "tim-4", Repeat("'duration':-1,'durationUnit':'h'"), Repeat("'duration':0,'durationUnit':'h'"), "Parameters.parameter[0].value.repeat" },
        { "tim-5", Repeat("'period':-0.1,'periodUnit':'d'"), Repeat("'period':0,'periodUnit':'d'"), "Parameters.parameter[0].value.repeat" },
        { "tim-6", Repeat("'periodMax':2"), Repeat("'period':1,'periodMax':2,'periodUnit':'d'"), "Parameters.parameter[0].value.repeat" },
        { "tim-7", Repeat("'durationMax':2"), Repeat("'duration':1,'durationMax':2,'durationUnit':'d'"), "Parameters.parameter[0].value.repeat" },
        { "tim-8", Repeat("'countMax':2"), Repeat("'count':1,'countMax':2"), "Parameters.parameter[0].value.repeat" },
        { "tim-9", Repeat("'offset':2,'when':['ACM','C']"), Repeat("'offset':2,'when':['ACM']"), "Parameters.parameter[0].value.repeat" },
        { "tim-9", Repeat("'offset':2"), Repeat("'offset':2,'when':['ACM']"), "Parameters.parameter[0].value.repeat" },
        { "tim-10", Repeat("'timeOfDay':['10:00:00'],'when':['ACM']"), Repeat("'timeOfDay':['10:00:00']"), "Parameters.parameter[0].value.repeat" },
        { "ait-1", "{" + Allergy + "}", "{" + Allergy + ",'verificationStatus':{'coding':[{" + AllergyStatus + ",'code':'entered-in-error'}]}}", "AllergyIntolerance" },
        { "ait-2", "{" + Allergy + "," + AllergyActive + ",'verificationStatus':{'coding':[{" + AllergyStatus + ",'code':'entered-in-error'}]}}", "{" + Allergy + "," + AllergyActive + ",'verificationStatus':{'coding':[{" + AllergyStatus + ",'code':'confirmed'}]}}", "AllergyIntolerance" },
        { "con-1", "{" + Condition + ",'stage':[{'type':{'text':'a'}}]}", "{" + Condition + ",'stage':[{'summary':{'text':'a'}}]}", "Condition.stage[0]" },
        { "con-2", "{" + Condition + ",'evidence':[{'extension':[{'url':'http://x.org','valueCode':'a'}]}]}", "{" + Condition + ",'evidence':[{'code':[{'text':'a'}]}]}", "Condition.evidence[0]" },
        { "con-3", "{" + Condition + "," + ProblemList + "}", "{" + Condition + "," + ProblemList + "," + ConditionWrong + "}", "Condition" },
        { "con-4", "{" + Condition + ",'abatementDateTime':'2020'," + Status("active") + "}", "{" + Condition + ",'abatementDateTime':'2020'," + Status("remission") + "}", "Condition" },
        { "con-5", "{" + Condition + "," + ConditionWrong + "," + Status("active") + "}", "{" + Condition + "," + ConditionWrong + "}", "Condition" },
        { "obs-3", Observation("'referenceRange':[{'type':{'text':'a'}}]"), Observation("'referenceRange':[{'text':'a'}]"), "Observation.referenceRange[0]" },
        { "obs-6", Observation("'valueString':'a','dataAbsentReason':{'text':'b'}"), Observation("'dataAbsentReason':{'text':'b'}"), "Observation" },
        { "obs-7", "{'resourceType':'Observation','status':'final','valueString':'a','code':{'coding':[{" + Sct + ",'code':'1'}]},'component':[{'code':{'coding':[{'code':'1'," + Sct + "}]},'valueString':'b'}]}", "{'resourceType':'Observation','status':'final','valueString':'a','code':{'coding':[{" + Sct + ",'code':'1'}]},'component':[{'code':{'coding':[{" + Sct + ",'code':'2'}]},'valueString':'b'}]}", "Observation" },
        { "gol-1", "{" + Goal + ",'target':[{'detailString':'a'}]}", "{" + Goal + ",'target':[{'detailString':'a','measure':{'text':'b'}}]}", "Goal.target[0]" },
        { "imm-1", "{" + Immunization + ",'education':[{'publicationDate':'2020'}]}", "{" + Immunization + ",'education':[{'documentType':'a'}]}", "Immunization.education[0]" },
        { "mad-1", "{" + Administration + ",'dosage':{'text':'a'}}", "{" + Administration + ",'dosage':{'dose':{'value':1}}}", "MedicationAdministration.dosage" },
        { "prr-1", "{" + Request + ",'orderDetail':[{'text':'a'}]}", "{" + Request + ",'orderDetail':[{'text':'a'}],'code':{'text':'b'}}", "ServiceRequest" },
        { "ras-1", "{" + Risk + ",'prediction':[{'probabilityRange':{'low':{'value':1}}}]}", "{" + Risk + ",'prediction':[{'probabilityRange':{'low':{'value':1,'code':'%'," + Ucum + "}}}]}", "RiskAssessment.prediction[0].probability" },
        { "ras-2", "{" + Risk + ",'prediction':[{'probabilityDecimal':100.01}]}", "{" + Risk + ",'prediction':[{'probabilityDecimal':100}]}", "RiskAssessment.prediction[0].probability" },
        { "cpl-3", "{" + Plan + ",'activity':[{'reference':{'display':'a'},'detail':{'status':'scheduled'}}]}", "{" + Plan + ",'activity':[{'detail':{'status':'scheduled'}}]}", "CarePlan.activity[0]" },
        { "ctm-1", "{'resourceType':'CareTeam','participant':[{'member':{'reference':'Patient/1'},'onBehalfOf':{'reference':'Organization/1'}}]}", "{'resourceType':'CareTeam','participant':[{'member':{'reference':'Practitioner/1'},'onBehalfOf':{'reference':'Organization/1'}}]}", "CareTeam.participant[0]" },
        { "pat-1", Patient("'contact':[{'gender':'male'}]"), Patient("'contact':[{'gender':'male','name':{'text':'a'}}]"), "Patient.contact[0]" },
        { "org-1", "{'resourceType':'Organization','active':true}", "{'resourceType':'Organization','name':'a'}", "Organization" },
        { "org-2", "{'resourceType':'Organization','name':'a','address':[{'use':'work'},{'use':'home'}]}", "{'resourceType':'Organization','name':'a','address':[{'use':'work'}]}", "Organization.address[1]" },
        { "org-3", "{'resourceType':'Organization','name':'a','telecom':[{'use':'home'}]}", "{'resourceType':'Organization','name':'a','telecom':[{'use':'work'}]}", "Organization.telecom[0]" },
        { "app-1", "{'resourceType':'Appointment','status':'proposed','participant':[{'status':'accepted'}]}", "{'resourceType':'Appointment','status':'proposed','participant':[{'status':'accepted','actor':{'display':'a'}}]}", "Appointment.participant[0]" },
        { "app-2", "{" + Appointment + ",'status':'proposed','start':'2024-01-01T10:00:00Z'}", "{" + Appointment + ",'status':'proposed'," + Times + "}", "Appointment" },
        { "app-3", "{" + Appointment + ",'status':'booked'}", "{" + Appointment + ",'status':'waitlist'}", "Appointment" },
        { "app-4", "{" + Appointment + ",'status':'booked'," + Times + ",'cancelationReason':{'text':'a'}}", "{" + Appointment + ",'status':'noshow'," + Times + ",'cancelationReason':{'text':'a'}}", "Appointment" },
        { "sev-1", "{" + Audit + ",'entity':[{'name':'a','query':'YQ=='}]}", "{" + Audit + ",'entity':[{'query':'YQ=='}]}", "AuditEvent.entity[0]" },
        { "grp-1", "{'resourceType':'Group','type':'person','actual':false,'member':[{'entity':{'display':'a'}}]}", "{'resourceType':'Group','type':'person','actual':true,'member':[{'entity':{'display':'a'}}]}", "Group" },
        { "lst-1", "{" + List + ",'mode':'snapshot','emptyReason':{'text':'a'},'entry':[{'item':{'display':'a'}}]}", "{" + List + ",'mode':'snapshot','emptyReason':{'text':'a'}}", "List" },
        { "lst-2", "{" + List + ",'mode':'snapshot','entry':[{'item':{'display':'a'}},{'deleted':true,'item':{'display':'a'}}]}", "{" + List + ",'mode':'changes','entry':[{'deleted':true,'item':{'display':'a'}}]}", "List" },
        { "lst-3", "{" + List + ",'mode':'snapshot','entry':[{'date':'2020','item':{'display':'a'}}]}", "{" + List + ",'mode':'working','entry':[{'date':'2020','item':{'display':'a'}}]}", "List" },
        { "ppc-1", "{'resourceType':'Consent','status':'active','scope':{'text':'a'},'category':[{'text':'a'}]}", "{" + Consent + ",'scope':{'text':'a'}}", "Consent" },
        { "ppc-2", "{" + Consent + "," + Scope("patient-privacy") + "}", "{" + Consent + "," + Scope("patient-privacy") + ",'patient':{'display':'a'}}", "Consent" },
        { "ppc-3", "{" + Consent + "," + Scope("research") + "}", "{" + Consent + "," + Scope("research") + ",'patient':{'display':'a'}}", "Consent" },
        { "ppc-4", "{" + Consent + "," + Scope("adr") + "}", "{" + Consent + "," + Scope("adr") + ",'patient':{'display':'a'}}", "Consent" },
        { "ppc-5", "{" + Consent + "," + Scope("treatment") + "}", "{" + Consent + "," + Scope("other") + "}", "Consent" },
        { "inv-1", "{'resourceType':'Task','status':'requested','intent':'order','authoredOn':'2024-02-01','lastModified':'2024-01-01'}", "{'resourceType':'Task','status':'requested','intent':'order','authoredOn':'2024-01-01','lastModified':'2024-01-01'}", "Task" },
        { "inv-1", "{'resourceType':'Parameters','parameter':[{'name':'a','valueCode':'b','part':[{'name':'c','valueCode':'d'}]}]}", "{'resourceType':'Parameters','parameter':[{'name':'a','part':[{'name':'c','valueCode':'d'}]}]}", "Parameters.parameter[0]" },
        { "inv-1", "{'resourceType':'Parameters','parameter':[{'name':'a','part':[{'name':'c'}]}]}", "{'resourceType':'Parameters','parameter':[{'name':'a','resource':{'resourceType':'Patient','id':'1'}}]}", "Parameters.parameter[0].part[0]" },
        { "bdl-1", "{'resourceType':'Bundle','type':'batch','total':1}", "{'resourceType':'Bundle','type':'searchset','total':1}", "Bundle" },
        { "bdl-2", "{'resourceType':'Bundle','type':'collection','entry':[{" + Patient1 + ",'search':{'mode':'match'}}]}", "{'resourceType':'Bundle','type':'searchset','entry':[{" + Patient1 + ",'search':{'mode':'match'}}]}", "Bundle" },
        { "bdl-3", "{'resourceType':'Bundle','type':'transaction','entry':[{" + Patient1 + "," + Put + "},{" + Patient1 + "}]}", "{'resourceType':'Bundle','type':'transaction','entry':[{" + Patient1 + "," + Put + "}]}", "Bundle" },
        { "bdl-3", "{'resourceType':'Bundle','type':'collection','entry':[{" + Patient1 + "," + Put + "}]}", "{'resourceType':'Bundle','type':'collection','entry':[{" + Patient1 + "}]}", "Bundle" },
        { "bdl-4", "{'resourceType':'Bundle','type':'batch-response','entry':[{" + Patient1 + "}]}", "{'resourceType':'Bundle','type':'batch-response','entry':[{" + Ok + "}]}", "Bundle" },
        { "bdl-5", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://x.org/1'}]}", "{'resourceType':'Bundle','type':'collection','entry':[{" + Patient1 + "}]}", "Bundle.entry[0]" },
        { "bdl-7", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://x.org/1'," + Patient1 + "},{'fullUrl':'http://x.org/1'," + Patient1 + "}]}", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://x.org/1'," + Patient1 + "},{'fullUrl':'http://x.org/1','resource':{'resourceType':'Patient','meta':{'versionId':'2'}}}]}", "Bundle" },
        { "bdl-3", Nested("'type':'collection','entry':[{" + Patient1 + "," + Put + "}]"), Nested("'type':'transaction','entry':[{" + Patient1 + "," + Put + "}]"), "Bundle.entry[0].resource" },
        { "bdl-7", Nested("'type':'collection','entry':[{'fullUrl':'http://x.org/1'," + Patient1 + "},{'fullUrl':'http://x.org/1'," + Patient1 + "}]"), Nested("'type':'collection','entry':[{'fullUrl':'http://x.org/1'," + Patient1 + "},{'fullUrl':'http://x.org/2'," + Patient1 + "}]"), "Bundle.entry[0].resource" },
        { "bdl-11", Nested("'type':'document','entry':[{" + Patient1 + "},{'resource':{'resourceType':'Composition'}}]"), Nested("'type':'document','entry':[{'resource':{'resourceType':'Composition'}},{" + Patient1 + "}]"), "Bundle.entry[0].resource" },
        { "bdl-8", "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'http://x.org/Patient/1/_history/1'," + Patient1 + "}]}", "{'resourceType':'Bundle','type':'collection','entry':[{" + Patient1 + "}]}", "Bundle.entry[0].fullUrl" },
        { "bdl-9", "{'resourceType':'Bundle','type':'document','timestamp':'2024-01-01T10:00:00Z','identifier':{'value':'1'}}", "{'resourceType':'Bundle','type':'document','identifier':{'system':'http://x.org','value':'1'}}", "Bundle" },
        { "bdl-10", "{'resourceType':'Bundle','type':'document'}", "{'resourceType':'Bundle','type':'document','timestamp':'2024-01-01T10:00:00Z'}", "Bundle" },
        { "bdl-11", "{'resourceType':'Bundle','type':'document','entry':[{" + Patient1 + "}]}", "{'resourceType':'Bundle','type':'document','entry':[{'resource':{'resourceType':'Composition'}}]}", "Bundle" },
        { "bdl-12", "{'resourceType':'Bundle','type':'message','entry':[{" + Patient1 + "}]}", "{'resourceType':'Bundle','type':'message','entry':[{'resource':{'resourceType':'MessageHeader'}}]}", "Bundle" },
        { "mrp-1", "{" + Report + ",'type':'data-collection','group':[{'code':{'text':'a'}}]}", "{" + Report + ",'type':'summary','group':[{'code':{'text':'a'}}]}", "MeasureReport" },
        { "mrp-2", "{" + Report + ",'type':'summary','group':[{'stratifier':[{'stratum':[{'measureScore':{'value':1}}]}]}]}", "{" + Report + ",'type':'summary','group':[{'stratifier':[{'stratum':[{'value':{'text':'a'}}]}]}]}", "MeasureReport" },
        { "mea-0", "{'resourceType':'Measure','status':'draft','name':'a b'}", "{'resourceType':'Measure','status':'draft','name':'A_b'}", "Measure.name" },
        { "mea-1", "{'resourceType':'Measure','status':'draft','group':[{'stratifier':[{'description':'a','component':[{'description':'b','criteria':{'language':'text/cql','expression':'1'}}]}]}]}", "{'resourceType':'Measure','status':'draft','group':[{'stratifier':[{'description':'a'}]}]}", "Measure" },
        { "que-0", "{'resourceType':'Questionnaire','status':'draft','name':'1a'}", "{'resourceType':'Questionnaire','status':'draft','name':'A1'}", "Questionnaire.name" },
        { "que-1", Items("'linkId':'1','type':'group'"), Items("'linkId':'1','type':'string'"), "Questionnaire.item[0]" },
        { "que-2", Items("'linkId':'1','type':'group','item':[{'linkId':'1','type':'string'}]"), Items("'linkId':'1','type':'group','item':[{'linkId':'2','type':'string'}]"), "Questionnaire" },
        { "que-3", Items("'linkId':'1','type':'display','code':[{'code':'a'}]"), Items("'linkId':'1','type':'string','code':[{'code':'a'}]"), "Questionnaire.item[0]" },
        { "que-4", Items("'linkId':'1','type':'choice','answerValueSet':'http://x.org','answerOption':[{'valueInteger':1}]"), Items("'linkId':'1','type':'choice','answerOption':[{'valueInteger':1}]"), "Questionnaire.item[0]" },
        { "que-5", Items("'linkId':'1','type':'boolean','answerOption':[{'valueInteger':1}]"), Items("'linkId':'1','type':'integer','answerOption':[{'valueInteger':1}]"), "Questionnaire.item[0]" },
        { "que-6", Items("'linkId':'1','type':'display','required':true"), Items("'linkId':'1','type':'string','required':true"), "Questionnaire.item[0]" },
        { "que-7", When("{'question':'2','operator':'exists','answerInteger':1}"), When("{'question':'2','operator':'exists','answerBoolean':true}"), "Questionnaire.item[0].enableWhen[0]" },
        { "que-8", Items("'linkId':'1','type':'display','initial':[{'valueInteger':1}]"), Items("'linkId':'1','type':'integer','initial':[{'valueInteger':1}]"), "Questionnaire.item[0]" },
        { "que-9", Items("'linkId':'1','type':'display','readOnly':true"), Items("'linkId':'1','type':'string','readOnly':true"), "Questionnaire.item[0]" },
        { "que-10", Items("'linkId':'1','type':'date','maxLength':5"), Items("'linkId':'1','type':'text','maxLength':5"), "Questionnaire.item[0]" },
        { "que-11", Items("'linkId':'1','type':'choice','answerOption':[{'valueInteger':1}],'initial':[{'valueInteger':1}]"), Items("'linkId':'1','type':'choice','answerOption':[{'valueInteger':1,'initialSelected':true}]"), "Questionnaire.item[0]" },
        { "que-12", When(string.Join(',', Enumerable.Repeat("{'question':'2','operator':'=','answerInteger':1}", 3))), When(string.Join(',', Enumerable.Repeat("{'question':'2','operator':'=','answerInteger':1}", 2))), "Questionnaire.item[0]" },
        { "que-13", Items("'linkId':'1','type':'integer','initial':[{'valueInteger':1},{'valueInteger':2}]"), Items("'linkId':'1','type':'integer','repeats':true,'initial':[{'valueInteger':1},{'valueInteger':2}]"), "Questionnaire.item[0]" },
        { "qrs-1", "{'resourceType':'QuestionnaireResponse','status':'completed','item':[{'linkId':'1','answer':[{'valueInteger':1}],'item':[{'linkId':'2'}]}]}", "{'resourceType':'QuestionnaireResponse','status':'completed','item':[{'linkId':'1','answer':[{'valueInteger':1,'item':[{'linkId':'2'}]}]}]}", "QuestionnaireResponse.item[0]" },
    };

    /// <summary>The same for types that are only validated. What else these resources lack is no matter here.</summary>
    public static TheoryData<string, string, string, string> OtherPairs => new()
    {
        { "apr-1", Only("AppointmentResponse", "'participantStatus':'accepted'"), Only("AppointmentResponse", "'actor':{'display':'a'}"), "AppointmentResponse" },
        { "ces-1", Only("CoverageEligibilityResponse", "'insurance':[{'item':[{'excluded':true}]}]"), Only("CoverageEligibilityResponse", "'insurance':[{'item':[{'category':{'text':'a'}}]}]"), "CoverageEligibilityResponse.insurance[0].item[0]" },
        { "cmd-1", Mapping("'target':[{'equivalence':'inexact'}]"), Mapping("'target':[{'equivalence':'equal'}]"), "ConceptMap.group[0].element[0].target[0]" },
        { "cmd-2", Only("ConceptMap", "'group':[{'unmapped':{'mode':'fixed'}}]"), Only("ConceptMap", "'group':[{'unmapped':{'mode':'fixed','code':'a'}}]"), "ConceptMap.group[0].unmapped" },
        { "cmd-3", Only("ConceptMap", "'group':[{'unmapped':{'mode':'other-map'}}]"), Only("ConceptMap", "'group':[{'unmapped':{'mode':'other-map','url':'http://x.org'}}]"), "ConceptMap.group[0].unmapped" },
        { "cmp-1", Only("Composition", "'section':[{'title':'a'}]"), Only("Composition", "'section':[{'entry':[{'display':'a'}]}]"), "Composition.section[0]" },
        { "cmp-2", Only("Composition", "'section':[{'entry':[{'display':'a'}],'emptyReason':{'text':'a'}}]"), Only("Composition", "'section':[{'entry':[{'display':'a'}]}]"), "Composition.section[0]" },
        { "cpb-1", Only("CapabilityStatement", "'kind':'instance'"), Only("CapabilityStatement", "'rest':[{'mode':'server'}]"), "CapabilityStatement" },
        { "cpb-2", Only("CapabilityStatement", "'kind':'instance'"), Only("CapabilityStatement", "'description':'a'"), "CapabilityStatement" },
        { "cpb-3", Only("CapabilityStatement", "'kind':'capability','messaging':[{'endpoint':[{'address':'http://x.org'}]}]"), Only("CapabilityStatement", "'kind':'instance','messaging':[{'endpoint':[{'address':'http://x.org'}]}]"), "CapabilityStatement" },
        { "cpb-7", Only("CapabilityStatement", "'document':[{'mode':'consumer','profile':'http://x.org'},{'mode':'consumer','profile':'http://x.org'}]"), Only("CapabilityStatement", "'document':[{'mode':'consumer','profile':'http://x.org'},{'mode':'producer','profile':'http://x.org'}]"), "CapabilityStatement" },
        { "cpb-9", Only("CapabilityStatement", "'rest':[{'resource':[{'type':'Patient'},{'type':'Patient'}]}]"), Only("CapabilityStatement", "'rest':[{'resource':[{'type':'Patient'},{'type':'Group'}]}]"), "CapabilityStatement.rest[0]" },
        { "cpb-12", Only("CapabilityStatement", "'rest':[{'resource':[{'searchParam':[{'name':'a'},{'name':'a'}]}]}]"), Only("CapabilityStatement", "'rest':[{'resource':[{'searchParam':[{'name':'a'},{'name':'b'}]}]}]"), "CapabilityStatement.rest[0].resource[0]" },
        { "cpb-14", Only("CapabilityStatement", "'kind':'instance'"), Only("CapabilityStatement", "'kind':'instance','implementation':{'description':'a'}"), "CapabilityStatement" },
        { "cpb-15", Only("CapabilityStatement", "'kind':'capability'"), Only("CapabilityStatement", "'kind':'capability','software':{'name':'a'}"), "CapabilityStatement" },
        { "cpb-16", Only("CapabilityStatement", "'kind':'requirements','software':{'name':'a'}"), Only("CapabilityStatement", "'kind':'requirements'"), "CapabilityStatement" },
        { "csd-1", Only("CodeSystem", "'concept':[{'code':'a','concept':[{'code':'a'}]}]"), Only("CodeSystem", "'concept':[{'code':'a','concept':[{'code':'b'}]}]"), "CodeSystem" },
        { "eld-1", Definition("'slicing':{'rules':'open'}"), Definition("'slicing':{'rules':'open','description':'a'}"), "StructureDefinition.snapshot.element[0].slicing" },
        { "eld-4", Definition("'type':[{'code':'string','aggregation':['contained']}]"), Definition("'type':[{'code':'Reference','aggregation':['contained']}]"), "StructureDefinition.snapshot.element[0].type[0]" },
        { "eld-8", Definition("'patternCode':'a','fixedCode':'a'"), Definition("'patternCode':'a'"), "StructureDefinition.snapshot.element[0]" },
        { "eld-15", Definition("'defaultValueCode':'a','meaningWhenMissing':'a'"), Definition("'defaultValueCode':'a'"), "StructureDefinition.snapshot.element[0]" },
        { "eld-17", Definition("'type':[{'code':'string','targetProfile':['http://x.org']}]"), Definition("'type':[{'code':'canonical','targetProfile':['http://x.org']}]"), "StructureDefinition.snapshot.element[0].type[0]" },
        { "eld-21", Definition("'constraint':[{'key':'a'}]"), Definition("'constraint':[{'key':'a','expression':'b'}]"), "StructureDefinition.snapshot.element[0].constraint[0]" },
        { "eld-22", Definition("'sliceIsConstraining':true"), Definition("'sliceIsConstraining':true,'sliceName':'a'"), "StructureDefinition.snapshot.element[0]" },
        { "fhs-1", Only("FamilyMemberHistory", "'ageString':'1','bornDate':'2020'"), Only("FamilyMemberHistory", "'ageString':'1'"), "FamilyMemberHistory" },
        { "fhs-2", Only("FamilyMemberHistory", "'estimatedAge':true"), Only("FamilyMemberHistory", "'estimatedAge':true,'ageString':'1'"), "FamilyMemberHistory" },
        { "imr-1", Only("ImmunizationRecommendation", "'recommendation':[{'series':'a'}]"), Only("ImmunizationRecommendation", "'recommendation':[{'targetDisease':{'text':'a'}}]"), "ImmunizationRecommendation.recommendation[0]" },
        { "ipn-1", Only("InsurancePlan", "'status':'active'"), Only("InsurancePlan", "'name':'a'"), "InsurancePlan" },
        { "lnk-1", Only("Linkage", "'item':[{'type':'source'}]"), Only("Linkage", "'item':[{'type':'source'},{'type':'alternate'}]"), "Linkage" },
        { "md-1", Only("MessageDefinition", "'focus':[{'max':'0'}]"), Only("MessageDefinition", "'focus':[{'max':'*'},{'max':'2'}]"), "MessageDefinition.focus[0]" },
        { "mdd-1", Only("MedicationDispense", "'whenPrepared':'2024-02-01','whenHandedOver':'2024-01-31'"), Only("MedicationDispense", "'whenPrepared':'2024-02-01','whenHandedOver':'2024-02-01'"), "MedicationDispense" },
        { "msq-3", Only("MolecularSequence", "'coordinateSystem':2"), Only("MolecularSequence", "'coordinateSystem':1"), "MolecularSequence" },
        { "msq-5", Only("MolecularSequence", "'referenceSeq':{'genomeBuild':'a'}"), Only("MolecularSequence", "'referenceSeq':{'genomeBuild':'a','chromosome':{'text':'a'}}"), "MolecularSequence.referenceSeq" },
        { "msq-6", Only("MolecularSequence", "'referenceSeq':{'genomeBuild':'a','referenceSeqString':'b'}"), Only("MolecularSequence", "'referenceSeq':{'referenceSeqString':'b'}"), "MolecularSequence.referenceSeq" },
        { "nor-1", Only("NutritionOrder", "'status':'draft'"), Only("NutritionOrder", "'oralDiet':{'instruction':'a'}"), "NutritionOrder" },
        { "nsd-1", Only("NamingSystem", "'kind':'root','uniqueId':[{'type':'uuid'}]"), Only("NamingSystem", "'kind':'root','uniqueId':[{'type':'oid'}]"), "NamingSystem" },
        { "nsd-2", Only("NamingSystem", "'uniqueId':[{'type':'oid','preferred':true},{'type':'oid','preferred':true}]"), Only("NamingSystem", "'uniqueId':[{'type':'oid','preferred':true},{'type':'oid'}]"), "NamingSystem" },
        { "opd-1", Only("OperationDefinition", "'parameter':[{'name':'a'}]"), Only("OperationDefinition", "'parameter':[{'type':'string'}]"), "OperationDefinition.parameter[0]" },
        { "opd-2", Only("OperationDefinition", "'parameter':[{'type':'code','searchType':'token'}]"), Only("OperationDefinition", "'parameter':[{'type':'string','searchType':'token'}]"), "OperationDefinition.parameter[0]" },
        { "opd-3", Only("OperationDefinition", "'parameter':[{'type':'code','targetProfile':['http://x.org']}]"), Only("OperationDefinition", "'parameter':[{'type':'Reference','targetProfile':['http://x.org']}]"), "OperationDefinition.parameter[0]" },
        { "rqg-1", Only("RequestGroup", "'action':[{'title':'a'}]"), Only("RequestGroup", "'action':[{'resource':{'display':'a'}}]"), "RequestGroup.action[0]" },
        { "sdf-2", Only("StructureDefinition", "'mapping':[{'identity':'a'}]"), Only("StructureDefinition", "'mapping':[{'name':'a'}]"), "StructureDefinition.mapping[0]" },
        { "sdf-6", Only("StructureDefinition", "'kind':'resource'"), Definition("'path':'a'"), "StructureDefinition" },
        { "sdf-18", Only("StructureDefinition", "'type':'Patient','contextInvariant':['a']"), Only("StructureDefinition", "'type':'Extension','contextInvariant':['a']"), "StructureDefinition" },
        { "smp-1", Target("'element':'a'"), Target("'element':'a','context':'b'"), "StructureMap.group[0].rule[0].target[0]" },
        { "smp-2", Target("'context':'a'"), Target("'context':'b','contextType':'type'"), "StructureMap.group[0].rule[0].target[0]" },
        { "spd-1", Only("SearchParameter", "'xpath':'a'"), Only("SearchParameter", "'xpath':'a','xpathUsage':'normal'"), "SearchParameter" },
        { "spd-2", Only("SearchParameter", "'chain':['a'],'type':'token'"), Only("SearchParameter", "'chain':['a'],'type':'reference'"), "SearchParameter" },
        { "tcp-2", Only("TerminologyCapabilities", "'kind':'instance'"), Only("TerminologyCapabilities", "'description':'a'"), "TerminologyCapabilities" },
        { "tcp-3", Only("TerminologyCapabilities", "'kind':'instance'"), Only("TerminologyCapabilities", "'kind':'instance','implementation':{'description':'a'}"), "TerminologyCapabilities" },
        { "tcp-4", Only("TerminologyCapabilities", "'kind':'capability'"), Only("TerminologyCapabilities", "'kind':'capability','software':{'name':'a'}"), "TerminologyCapabilities" },
        { "tcp-5", Only("TerminologyCapabilities", "'kind':'requirements','software':{'name':'a'}"), Only("TerminologyCapabilities", "'kind':'requirements'"), "TerminologyCapabilities" },
        { "inv-1", Only("TestReport", "'setup':{'action':[{'id':'a','extension':[{'url':'http://x.org','valueCode':'a'}]}]}"), Only("TestReport", "'setup':{'action':[{'operation':{'result':'pass'}}]}"), "TestReport.setup.action[0]" },
        { "inv-2", Only("TestReport", "'test':[{'action':[{'operation':{'result':'pass'},'assert':{'result':'pass'}}]}]"), Only("TestReport", "'test':[{'action':[{'operation':{'result':'pass'}}]}]"), "TestReport.test[0].action[0]" },
        { "tst-1", Only("TestScript", "'setup':{'action':[{'operation':{'sourceId':'a'},'assert':{'label':'a'}}]}"), Only("TestScript", "'setup':{'action':[{'operation':{'sourceId':'a'}}]}"), "TestScript.setup.action[0]" },
        { "tst-2", Only("TestScript", "'test':[{'action':[{'operation':{'sourceId':'a'},'assert':{'label':'a'}}]}]"), Only("TestScript", "'test':[{'action':[{'operation':{'sourceId':'a'}}]}]"), "TestScript.test[0].action[0]" },
        { "tst-3", Only("TestScript", "'variable':[{'expression':'a','headerField':'b','path':'c'}]"), Only("TestScript", "'variable':[{'expression':'a'}]"), "TestScript.variable[0]" },
        { "vsd-0", Only("ValueSet", "'name':'a'"), Only("ValueSet", "'name':'A'"), "ValueSet.name" },
        { "vsd-1", Compose("'version':'1'"), Compose("'system':'http://x.org'"), "ValueSet.compose.include[0]" },
        { "vsd-2", Compose("'concept':[{'code':'a'}],'valueSet':['http://x.org']"), Compose("'concept':[{'code':'a'}],'system':'http://x.org'"), "ValueSet.compose.include[0]" },
        { "vsd-3", Compose("'concept':[{'code':'a'}],'filter':[{'property':'a','op':'=','value':'b'}]"), Compose("'concept':[{'code':'a'}]"), "ValueSet.compose.include[0]" },
        { "vsd-6", Only("ValueSet", "'expansion':{'contains':[{'abstract':true}]}"), Only("ValueSet", "'expansion':{'contains':[{'abstract':true,'display':'a'}]}"), "ValueSet.expansion.contains[0]" },
        { "vsd-9", Only("ValueSet", "'expansion':{'contains':[{'display':'a'}]}"), Only("ValueSet", "'expansion':{'contains':[{'abstract':true,'display':'a'}]}"), "ValueSet.expansion.contains[0]" },
        { "vsd-10", Only("ValueSet", "'expansion':{'contains':[{'code':'a'}]}"), Only("ValueSet", "'expansion':{'contains':[{'code':'a','system':'http://x.org'}]}"), "ValueSet.expansion.contains[0]" },
    };

    /// <summary>Constraints that are not checked, and why. A family stands for those of it that the tables do not have.</summary>
    private static readonly Dictionary<string, string> NotChecked = new(StringComparer.Ordinal)
    {
        ["mqty-1"] = "no element of R4 uses the profile MoneyQuantity",
        ["eld-*"] = "about writing profiles, which nobody posts to this service",
        ["sdf-*"] = "about writing profiles, which nobody posts to this service",
        ["ig-*"] = "about writing implementation guides",
        ["tst-*"] = "about writing test scripts",
        ["tcp-1"] = "about terminology servers' versions",
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    [MemberData(nameof(OtherPairs))]
    public void Read_BrokenInvariant_IsNamed_AndMendedIsNot(string key, string broken, string kept, string expression)
    {
        var options = new ReaderOptions { BestPractice = true };

        var issues = Read(broken, options).Issues.Where(i => i.Key == key).ToList();

        issues.Count.ShouldBe(1, string.Join("\n", Read(broken, options).Issues));
        issues[0].Expression.ShouldBe(expression);
        Read(kept, options).Issues.ShouldNotContain(i => i.Key == key);
    }

    [Fact]
    public void Definitions_EveryConstraint_IsTestedOrListed()
    {
        var tested = Pairs.Concat(OtherPairs).Select(p => p.Data.Item1).ToHashSet(StringComparer.Ordinal);
        using var definitions = JsonDocument.Parse(typeof(ResourceReader).Assembly.GetManifestResourceStream("r4-structures.json")!);

        var untested =
            from structure in definitions.RootElement.GetProperty("structures").EnumerateObject()
            from element in structure.Value.GetProperty("elements").EnumerateArray()
            where element.TryGetProperty("constraints", out _)
            from constraint in element.GetProperty("constraints").EnumerateArray()
            let key = constraint.GetProperty("key").GetString()!
            let family = key[..key.IndexOf('-', StringComparison.Ordinal)] + "-*"

            // The rule for names is one rule with a key for each type: mea-0, que-0 and vsd-0 stand for all.
            where !tested.Contains(key) && !NotChecked.ContainsKey(key) && !NotChecked.ContainsKey(family) && !key.EndsWith("-0", StringComparison.Ordinal)
            select $"{structure.Name} {key}";

        untested.ShouldBeEmpty();
    }

    private static string Only(string type, string rest) => $"{{'resourceType':'{type}',{rest}}}";

    private static string Mapping(string element) => Only("ConceptMap", $"'group':[{{'element':[{{{element}}}]}}]");

    private static string Definition(string element) => Only("StructureDefinition", $"'snapshot':{{'element':[{{{element}}}]}}");

    private static string Target(string target) => Only("StructureMap", $"'group':[{{'rule':[{{'target':[{{{target}}}]}}]}}]");

    private static string Compose(string include) => Only("ValueSet", $"'compose':{{'include':[{{{include}}}]}}");

    private static string Nested(string bundle) =>
        "{'resourceType':'Bundle','type':'collection','entry':[{'resource':{'resourceType':'Bundle'," + bundle + "}},{" + Patient1 + "}]}";

    private static string Repeat(string rest) => Value("Timing", "{'repeat':{" + rest + "}}");

    private static string Status(string code) =>
        "'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-clinical','code':'" + code + "'}]}";

    private static string Scope(string code) => "'scope':{'coding':[{'system':'something','code':'" + code + "'}]}";

    private static string Items(string item) => "{'resourceType':'Questionnaire','status':'draft','item':[{" + item + "}]}";

    private static string When(string conditions) => Items("'linkId':'1','type':'string','enableWhen':[" + conditions + "]");
}
