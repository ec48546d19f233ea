using BetterCare.Care.Fhir.Validation;
using static BetterCare.Care.Tests.Fhir.Validation.Given;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>Hand-broken resources: each has one thing wrong, which the reader must find, place and explain.</summary>
public sealed class BrokenResourceTests
{
    private const string Bundle = "'resourceType':'Bundle','type':'transaction','entry':";
    private const string ConditionClinical = "'system':'http://terminology.hl7.org/CodeSystem/condition-clinical'";
    private const string Active = "'clinicalStatus':{'coding':[{" + ConditionClinical + ",'code':'active'}]}";
    private const string Put = "'request':{'method':'PUT','url':'Patient/1'}";

    /// <summary>JSON, where, code, and a part of the text.</summary>
    public static TheoryData<string, string, string, string> Json => new()
    {
        { "", "Resource", "structure", "nothing to read" },
        { " \r\n\t", "Resource", "structure", "nothing to read" },
        { "[]", "Resource", "structure", "JSON object" },
        { "null", "Resource", "structure", "JSON object" },
        { "'Patient'", "Resource", "structure", "JSON object" },
        { "{", "Resource", "structure", "not well formed" },
        { "{'resourceType':'Patient'", "Patient", "structure", "not well formed at line 1, byte" },
        { "{'resourceType':'Patient','active':tru}", "Patient.active", "structure", "not well formed" },
        { "{'resourceType':'Patient',}", "Patient", "structure", "not well formed" },
        { "{'resourceType':'Patient' 'id':'1'}", "Patient", "structure", "not well formed" },
        { "{'resourceType':'Patient'}}", "Patient", "structure", "follows the resource" },
        { "{'resourceType':'Patient'}{}", "Patient", "structure", "follows the resource" },
        { "{'resourceType':'Patient','active':true,/* c */'id':'1'}", "Patient", "structure", "not well formed" },
        { "{'resourceType':'Patient','id':'a\tb'}", "Patient.id", "structure", "control character" },
        { "{'resourceType':'Patient','multipleBirthInteger':01}", "Patient.multipleBirth", "structure", "not well formed" },
        { "{'resourceType':'Patient','multipleBirthInteger':+1}", "Patient.multipleBirth", "structure", "not well formed" },
        { "{'resourceType':'Patient','multipleBirthInteger':NaN}", "Patient.multipleBirth", "structure", "not well formed" },
        { "\ufeff{'resourceType':'Patient'}", "Resource", "structure", "byte order mark" },
        { "{}", "Resource", "structure", "resourceType is missing" },
        { "{'id':'1'}", "Resource", "structure", "resourceType is missing" },
        { "{'resourceType':'patient'}", "Resource", "structure", "case-sensitive" },
        { "{'resourceType':'Person '}", "Resource", "structure", "resource types" },
        { "{'resourceType':'DomainResource'}", "Resource", "structure", "resource types" },
        { "{'resourceType':'HumanName'}", "Resource", "structure", "resource types" },
        { "{'resourceType':5}", "Resource", "structure", "resource types" },
        { "{'resourceType':null}", "Resource", "structure", "resource types" },
    };

    public static TheoryData<string, string, string, string> Structure => new()
    {
        { Patient("'birthdate':'1980'"), "Patient.birthdate", "structure", "Did you mean birthDate?" },
        { Patient("'9434765919':'x'"), "Patient", "structure", "a property whose name" },
        { Patient("'\\ud800':1"), "Patient", "structure", "a property whose name" },
        { "{'\\ud800':1,'resourceType':'Patient'}", "Patient", "structure", "a property whose name" },
        { "{'resourceType':'Condition','subject':{'display':'a'}," + Active + ",'category':[{'coding':[{'\\ud800de':1,'code':'a'}]}]}", "Condition.category[0].coding[0]", "structure", "a property whose name" },
        { "{'resourceType':'Condition','subject':{'display':'a'},'abatementString':'a','clinicalStatus':{'coding':[{'\\ud800de':1," + ConditionClinical + ",'code':'resolved'}]}}", "Condition.clinicalStatus.coding[0]", "structure", "a property whose name" },
        { Patient("'foo':{'a':[1,2]}"), "Patient.foo", "structure", "no element foo" },
        { Patient("'name':[{'familyName':'A'}]"), "Patient.name[0].familyName", "structure", "HumanName has no element familyName" },
        { Patient("'contact':[{'name':{'text':'a'},'phone':'1'}]"), "Patient.contact[0].phone", "structure", "Patient.contact has no element" },
        { Patient("'deceased':true"), "Patient.deceased", "structure", "Write deceasedBoolean or deceasedDateTime." },
        { Observation("'performers':[{'display':'a'}]"), "Observation.performers", "structure", "Did you mean performer?" },
        { Observation("'valueNumber':1"), "Observation.valueNumber", "structure", "valueQuantity or valueCodeableConcept" },
        { Patient("'deceasedString':'yes'"), "Patient.deceasedString", "structure", "no element" },
        { Patient("'_name':[{'id':'a'}]"), "Patient", "structure", "a property whose name" },
        { Patient("'_contact':{'id':'a'}"), "Patient", "structure", "a property whose name" },
        { Patient("'resourceType':'Patient'"), "Patient.resourceType", "structure", "twice" },
        { Patient("'active':true,'active':true"), "Patient.active", "structure", "twice" },
        { Patient("'active':true,'\\u0061ctive':false"), "Patient.active", "structure", "twice" },
        { Patient("'name':[{'text':'a'}],'name':[{'text':'b'}]"), "Patient.name", "structure", "twice" },
        { Patient("'_active':{'extension':[{'url':'http://x.org/a','valueCode':'a'}]},'_active':{'id':'2'}"), "Patient.active", "structure", "twice" },
        { Patient("'deceasedBoolean':true,'deceasedDateTime':'2020'"), "Patient.deceased", "structure", "two types" },
        { Patient("'deceasedBoolean':true,'_deceasedDateTime':{'id':'1'}"), "Patient.deceased", "structure", "two types" },
        { Patient("'multipleBirthBoolean':true,'multipleBirthInteger':2"), "Patient.multipleBirth", "structure", "two types" },
        { Observation("'valueString':'a','valueInteger':1"), "Observation.value", "structure", "two types" },
        { Patient("'name':{'text':'a'}"), "Patient.name", "structure", "JSON array" },
        { Patient("'name':'a'"), "Patient.name", "structure", "JSON array" },
        { Patient("'birthDate':['1980']"), "Patient.birthDate", "structure", "must not be a JSON array" },
        { Patient("'maritalStatus':[{'text':'a'}]"), "Patient.maritalStatus", "structure", "must not be a JSON array" },
        { Patient("'name':[{'given':'Ann'}]"), "Patient.name[0].given", "structure", "JSON array" },
        { Patient("'name':['Ann']"), "Patient.name[0]", "structure", "JSON object of type HumanName" },
        { Patient("'name':[['Ann']]"), "Patient.name[0]", "structure", "JSON object" },
        { Patient("'name':[{'given':[['Ann']]}]"), "Patient.name[0].given[0]", "structure", "JSON string" },
        { Patient("'maritalStatus':'M'"), "Patient.maritalStatus", "structure", "JSON object of type CodeableConcept" },
        { Patient("'active':'true'"), "Patient.active", "structure", "true or false" },
        { Patient("'active':{}"), "Patient.active", "structure", "true or false" },
        { Patient("'gender':5"), "Patient.gender", "structure", "JSON string" },
        { Patient("'meta':'x'"), "Patient.meta", "structure", "JSON object" },
        { Patient("'extension':{'url':'http://x.org/a','valueCode':'a'}"), "Patient.extension", "structure", "JSON array" },
        { Patient("'name':[]"), "Patient.name", "structure", "empty array" },
        { Patient("'name':null"), "Patient.name", "structure", "null" },
        { Patient("'name':[null]"), "Patient.name[0]", "structure", "null" },
        { Patient("'name':[{}]"), "Patient.name[0]", "invariant", "empty" },
        { Patient("'name':[{'id':'a'}]"), "Patient.name[0]", "invariant", "nothing else" },
        { Patient("'maritalStatus':{}"), "Patient.maritalStatus", "invariant", "empty" },
        { Patient("'meta':{}"), "Patient.meta", "invariant", "empty" },
        { Patient("'birthDate':null"), "Patient.birthDate", "structure", "null" },
        { Patient("'birthDate':''"), "Patient.birthDate", "value", "empty text" },
        { Patient("'id':''"), "Patient.id", "value", "empty text" },
        { Patient("'name':[{'given':[]}]"), "Patient.name[0].given", "structure", "empty array" },
        { Patient("'name':[{'given':['']}]"), "Patient.name[0].given[0]", "value", "empty text" },
        { Patient("'name':[{'given':['A','']}]"), "Patient.name[0].given[1]", "value", "empty text" },
        { Patient("'name':[{'given':['A',null]}]"), "Patient.name[0].given[1]", "structure", "null" },
        { Patient("'name':[{'given':['A',5]}]"), "Patient.name[0].given[1]", "structure", "JSON string" },
        { Patient("'id':'a b'"), "Patient.id", "value", "A-Z a-z 0-9" },
        { Patient("'id':'a_b'"), "Patient.id", "value", "A-Z a-z 0-9" },
        { Patient("'id':5"), "Patient.id", "structure", "JSON string" },
        { Patient("'id':'\\u0061'"), "Patient.id", "value", "escapes" },
        { Patient("'name':[{'id':'a b','text':'c'}]"), "Patient.name[0].id", "value", "without spaces" },
        { Patient("'language':' en'"), "Patient.language", "value", "a code" },
        { Patient("'implicitRules':'a b'"), "Patient.implicitRules", "value", "URI" },
    };

    public static TheoryData<string, string, string, string> Siblings => new()
    {
        { Patient("'_birthDate':null"), "Patient.birthDate", "structure", "_birthDate" },
        { Patient("'_birthDate':'x'"), "Patient.birthDate", "structure", "_birthDate" },
        { Patient("'_birthDate':{}"), "Patient.birthDate", "invariant", "empty" },
        { Patient("'_birthDate':{'id':'a'}"), "Patient.birthDate", "invariant", "nothing else" },
        { Patient("'birthDate':'1980','_birthDate':{'value':'1980'}"), "Patient.birthDate.value", "structure", "no element value" },
        { Patient("'birthDate':'1980','_birthDate':{'extension':[]}"), "Patient.birthDate.extension", "structure", "empty array" },
        { Patient("'birthDate':'1980','_birthDate':{'extension':[{'valueCode':'a'}]}"), "Patient.birthDate.extension[0].url", "required", "url is missing" },
        { Patient("'birthDate':'1980','_birthDate':[{'id':'a'}]"), "Patient.birthDate", "structure", "JSON object" },
        { Patient("'name':[{'given':['A'],'_given':{'id':'a'}}]"), "Patient.name[0].given", "structure", "null where" },
        { Patient("'name':[{'given':['A','B'],'_given':[{'id':'a'}]}]"), "Patient.name[0].given", "structure", "same number" },
        { Patient("'name':[{'given':[null,'B'],'_given':[null,{'id':'a'}]}]"), "Patient.name[0].given[0]", "structure", "null" },
        { Patient("'name':[{'given':['A'],'_given':['x']}]"), "Patient.name[0].given[0]", "structure", "or null" },
        { Patient("'name':[{'given':['A'],'_given':[]}]"), "Patient.name[0].given", "structure", "empty array" },
        { Patient("'name':[{'_given':[null]}]"), "Patient.name[0].given[0]", "structure", "null" },
    };

    public static TheoryData<string, string, string, string> Cardinality => new()
    {
        { "{'resourceType':'Observation','code':{'text':'x'}}", "Observation.status", "required", "status is missing" },
        { "{'resourceType':'Observation','status':'final'}", "Observation.code", "required", "code is missing" },
        { Observation("'component':[{'valueString':'a'}]"), "Observation.component[0].code", "required", "code is missing" },
        { Patient("'contact':[{'relationship':[{'text':'a'}]}]"), "Patient.contact[0]", "invariant", "name, telecom" },
        { Patient("'communication':[{'preferred':true}]"), "Patient.communication[0].language", "required", "language is missing" },
        { Patient("'link':[{'type':'seealso'}]"), "Patient.link[0].other", "required", "other is missing" },
        { Patient("'text':{'status':'generated'}"), "Patient.text.div", "required", "div is missing" },
        { Patient("'extension':[{'valueCode':'a'}]"), "Patient.extension[0].url", "required", "url is missing" },
        { Patient("'extension':[{'url':'http://x.org/a'}]"), "Patient.extension[0]", "invariant", "either a value or extensions" },
        { Patient("'extension':[{'url':'http://x.org/a','valueCode':'a','extension':[{'url':'b','valueCode':'c'}]}]"), "Patient.extension[0]", "invariant", "not both" },
        { Patient("'extension':[{'url':'http://x.org/a','extension':[{'url':'b'}]}]"), "Patient.extension[0].extension[0]", "invariant", "either" },
        { Patient("'extension':[{'url':'a b','valueCode':'a'}]"), "Patient.extension[0].url", "value", "URI" },
        { Patient("'extension':[{'url':'http://x.org/a','_url':{'id':'1'},'valueCode':'a'}]"), "Patient.extension[0]", "structure", "a property whose name" },
        { Patient("'extension':[{'url':'http://x.org/a','valueCode':'a','valueHumanname':{'text':'a'}}]"), "Patient.extension[0].valueHumanname", "structure", "no element" },
        { Patient("'extension':[{'url':'http://x.org/a','valueQuantity':{'value':'1'}}]"), "Patient.extension[0].value.value", "structure", "a number" },
        { Patient("'modifierExtension':[{'url':'http://x.org/a','valueDate':'x'}]"), "Patient.modifierExtension[0].value", "value", "real date" },
        { Patient("'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired','valueString':'yes'}]"), "Patient.extension[0].value", "extension", "of type boolean" },
        { Patient("'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/patient-nationality','valueString':'British'}]"), "Patient.extension[0].value", "extension", "extensions of its own" },
        { "{'resourceType':'Encounter','status':'finished'}", "Encounter.class", "required", "class is missing" },
        { "{'resourceType':'MedicationRequest','status':'active','intent':'order','subject':{'display':'a'}}", "MedicationRequest.medication", "required", "medication[x] is missing" },
        { "{'resourceType':'AllergyIntolerance','clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical','code':'active'}]}}", "AllergyIntolerance.patient", "required", "patient is missing" },
        { "{'resourceType':'RiskAssessment','status':'final','subject':{'display':'a'},'prediction':[{'probabilityDecimal':'5'}]}", "RiskAssessment.prediction[0].probability", "structure", "a number" },
        { "{'resourceType':'Immunization','status':'completed','vaccineCode':{'text':'a'},'patient':{'display':'a'},'occurrenceDateTime':'2020','doseQuantity':{'value':1,'comparator':'<'}}", "Immunization.doseQuantity.comparator", "invariant", "not allowed in this quantity" },
        { "{'resourceType':'Questionnaire','status':'draft','item':[{'linkId':'1','type':'group','item':[{'linkId':'1.1','type':'wrong'}]}]}", "Questionnaire.item[0].item[0].type", "code-invalid", "group, display" },
    };

    public static TheoryData<string, string, string, string> Codes => new()
    {
        { Patient("'gender':'Male'"), "Patient.gender", "code-invalid", "male, female, other, unknown" },
        { Patient("'gender':'M'"), "Patient.gender", "code-invalid", "male, female" },
        { "{'resourceType':'Observation','status':'done','code':{'text':'x'}}", "Observation.status", "code-invalid", "registered" },
        { Patient("'identifier':[{'use':'primary','value':'1'}]"), "Patient.identifier[0].use", "code-invalid", "official" },
        { Patient("'name':[{'use':'legal','text':'a'}]"), "Patient.name[0].use", "code-invalid", "usual" },
        { Patient("'telecom':[{'system':'mobile','value':'1'}]"), "Patient.telecom[0].system", "code-invalid", "phone" },
        { Patient("'address':[{'type':'home'}]"), "Patient.address[0].type", "code-invalid", "postal" },
        { Patient("'link':[{'other':{'reference':'Patient/2'},'type':'same'}]"), "Patient.link[0].type", "code-invalid", "replaced-by" },
        { "{'resourceType':'Encounter','status':'done','class':{'code':'IMP'}}", "Encounter.status", "code-invalid", "finished" },
        { "{'resourceType':'Task','status':'requested','intent':'must'}", "Task.intent", "code-invalid", "order" },
        { "{'resourceType':'Condition','subject':{'display':'a'},'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/condition-clinical','code':'Active'}]}}", "Condition.clinicalStatus", "code-invalid", "active, recurrence" },
        { "{'resourceType':'Condition','subject':{'display':'a'},'clinicalStatus':{'coding':[{'system':'http://hl7.org/fhir/condition-clinical','code':'active'}]}}", "Condition.clinicalStatus", "code-invalid", "condition-clinical" },
        { "{'resourceType':'Condition','subject':{'display':'a'},'clinicalStatus':{'text':'active'}}", "Condition.clinicalStatus", "code-invalid", "active" },
        { "{'resourceType':'Condition','subject':{'display':'a'},'verificationStatus':{'coding':[{'code':'confirmed'}]}}", "Condition.verificationStatus", "code-invalid", "confirmed" },
        { "{'resourceType':'AllergyIntolerance','patient':{'display':'a'},'clinicalStatus':{'coding':[{'system':'x','code':'active'}]}}", "AllergyIntolerance.clinicalStatus", "code-invalid", "active" },
        { "{'resourceType':'AllergyIntolerance','patient':{'display':'a'},'category':['peanut'],'clinicalStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical','code':'active'}]}}", "AllergyIntolerance.category[0]", "code-invalid", "food" },
        { Observation("'valueQuantity':{'value':1,'comparator':'='}"), "Observation.value.comparator", "code-invalid", "<=" },
        { Patient("'text':{'status':'done','div':'<div>a</div>'}"), "Patient.text.status", "code-invalid", "generated" },
        { "{'resourceType':'Bundle','type':'bulk'}", "Bundle.type", "code-invalid", "transaction" },
        { "{'resourceType':'Bundle','type':'transaction','entry':[{'request':{'method':'get','url':'Patient/1'}}]}", "Bundle.entry[0].request.method", "code-invalid", "GET" },
        { "{'resourceType':'CareTeam','status':'on'}", "CareTeam.status", "code-invalid", "active" },
        { "{'resourceType':'Group','type':'people','actual':true}", "Group.type", "code-invalid", "person" },
        { "{'resourceType':'Consent','status':'active','scope':{'text':'a'},'category':[{'text':'a'}],'policyRule':{'text':'a'},'provision':{'type':'allow'}}", "Consent.provision.type", "code-invalid", "permit" },
        { "{'resourceType':'AuditEvent','type':{'code':'rest'},'action':'X','recorded':'2020-01-01T00:00:00Z','agent':[{'requestor':true}],'source':{'observer':{'display':'a'}}}", "AuditEvent.action", "code-invalid", "C, R, U, D, E" },
    };

    public static TheoryData<string, string, string, string> References => new()
    {
        { Observation("'subject':{'reference':'Practitioner/1'}"), "Observation.subject", "value", "Patient, Group, Device, Location" },
        { Observation("'subject':{'reference':'https://example.org/fhir/Encounter/1'}"), "Observation.subject", "value", "cannot refer to the type Encounter" },
        { Observation("'subject':{'type':'Encounter','display':'a'}"), "Observation.subject", "value", "cannot refer" },
        { Observation("'subject':{'reference':'Patient/1','type':'Group'}"), "Observation.subject.type", "value", "another resource type" },
        { Observation("'subject':{'reference':'patient/1'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'Patient'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'Patient/'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'Patient/a b'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'/Patient/1'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'Patient/1/_history/'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'Patients?identifier=1'}"), "Observation.subject.reference", "value", "Type/id" },
        { Observation("'subject':{'reference':'#p'}"), "Observation.subject.reference", "invariant", "contained" },
        { Observation("'subject':{'reference':''}"), "Observation.subject.reference", "value", "empty" },
        { Observation("'subject':{}"), "Observation.subject", "invariant", "empty" },
        { Observation("'subject':'Patient/1'"), "Observation.subject", "structure", "JSON object" },
        { Observation("'subject':{'reference':'Patient/1','id':5}"), "Observation.subject.id", "structure", "JSON string" },
        { Patient("'generalPractitioner':[{'reference':'Organization/1'},{'reference':'Patient/1'}]"), "Patient.generalPractitioner[1]", "value", "cannot refer" },
        { Patient("'managingOrganization':{'reference':'Practitioner/1'}"), "Patient.managingOrganization", "value", "Organization" },
        { Patient("'identifier':[{'value':'1','assigner':{'reference':'Patient/1'}}]"), "Patient.identifier[0].assigner", "value", "Organization" },
        { Patient("'contained':[{'resourceType':'Patient','id':'p'}],'managingOrganization':{'reference':'#p'}"), "Patient.managingOrganization", "value", "cannot refer" },
    };

    public static TheoryData<string, string, string, string> Contained => new()
    {
        { Observation("'contained':[{'resourceType':'Patient','id':'p'}]"), "Observation.contained[0]", "invariant", "Nothing refers" },
        { Observation("'contained':[{'resourceType':'Patient'}]"), "Observation.contained[0]", "invariant", "needs an id" },
        { Observation("'contained':[{'resourceType':'Patient','id':'p','foo':1}],'subject':{'reference':'#p'}"), "Observation.contained[0].foo", "structure", "no element" },
        { Observation("'contained':[{'resourceType':'Patient','id':'p','gender':'x'}],'subject':{'reference':'#p'}"), "Observation.contained[0].gender", "code-invalid", "male" },
        { Observation("'contained':[{'id':'p'}],'subject':{'display':'a'}"), "Observation.contained[0]", "structure", "resourceType is missing" },
        { Observation("'contained':['x'],'subject':{'display':'a'}"), "Observation.contained[0]", "structure", "resourceType" },
        { Observation("'contained':{'resourceType':'Patient','id':'p'},'subject':{'reference':'#p'}"), "Observation.contained", "structure", "JSON array" },
        { "{" + Bundle + "[{'resource':{'resourceType':'Patient','id':'1','birthDate':'x'}," + Put + "}]}", "Bundle.entry[0].resource.birthDate", "value", "real date" },
        { "{" + Bundle + "[{" + Put + "},{'resource':{'resourceType':'Patient','contact':[{'gender':'x','name':{'text':'a'}}]}," + Put + "}]}", "Bundle.entry[1].resource.contact[0].gender", "code-invalid", "male" },
        { "{" + Bundle + "[{'resource':{'resourceType':'Patients'}," + Put + "}]}", "Bundle.entry[0].resource", "structure", "resource types" },
        { "{" + Bundle + "[{'resource':{}," + Put + "}]}", "Bundle.entry[0].resource", "structure", "resourceType" },
        { "{" + Bundle + "[{'resource':[]," + Put + "}]}", "Bundle.entry[0].resource", "structure", "must not be a JSON array" },
        { "{" + Bundle + "[{'resource':{'resourceType':'Observation','status':'final'}," + Put + "}]}", "Bundle.entry[0].resource.code", "required", "code is missing" },
        { "{" + Bundle + "[{'request':{'method':'PUT'}}]}", "Bundle.entry[0].request.url", "required", "url is missing" },
        { "{" + Bundle + "[{'fullUrl':'a b'," + Put + "}]}", "Bundle.entry[0].fullUrl", "value", "URI" },
        { "{" + Bundle + "[{'resource':{'resourceType':'Observation','status':'final','code':{'text':'a'},'subject':{'reference':'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'}}," + Put + "}]}", "Bundle.entry[0].resource.subject.reference", "not-found", "fullUrl" },
        { "{" + Bundle + "[{'fullUrl':'urn:uuid:c757873d-ec9a-4326-a141-556f43239520','resource':{'resourceType':'Observation','status':'final','code':{'text':'a'},'subject':{'reference':'urn:uuid:c757873d-ec9a-4326-a141-556f43239520'}}," + Put + "}]}", "Bundle.entry[0].resource.subject", "value", "cannot refer" },
        { "{'resourceType':'Bundle'}", "Bundle.type", "required", "type is missing" },
        { "{'resourceType':'Parameters','parameter':[{'name':'a','resource':{'resourceType':'Patient','x':1}}]}", "Parameters.parameter[0].resource.x", "structure", "no element" },
    };

    public static TheoryData<string, string, string, string> Narratives => new()
    {
        { Patient("'text':{'status':'generated','div':'hello'}"), "Patient.text.div", "invariant", "one XHTML element" },
        { Patient("'text':{'status':'generated','div':'<p>a</p>'}"), "Patient.text.div", "invariant", "one XHTML element" },
        { Patient("'text':{'status':'generated','div':'<div>a'}"), "Patient.text.div", "invariant", "not closed" },
        { Patient("'text':{'status':'generated','div':'<div><b>a</div></b>'}"), "Patient.text.div", "invariant", "not well formed" },
        { Patient("'text':{'status':'generated','div':'<div>a</div><div>b</div>'}"), "Patient.text.div", "invariant", "outside" },
        { Patient("'text':{'status':'generated','div':'<div>a</div>b'}"), "Patient.text.div", "invariant", "outside" },
        { Patient("'text':{'status':'generated','div':'<div><script>a</script></div>'}"), "Patient.text.div", "invariant", "does not allow" },
        { Patient("'text':{'status':'generated','div':'<div onclick=\\'a\\'>a</div>'}"), "Patient.text.div", "invariant", "event handler" },
        { Patient("'text':{'status':'generated','div':'<div><a href=\\'javascript:a()\\'>a</a></div>'}"), "Patient.text.div", "invariant", "script address" },
        { Patient("'text':{'status':'generated','div':'<div><p class=a>a</p></div>'}"), "Patient.text.div", "invariant", "quote every attribute" },
        { Patient("'text':{'status':'generated','div':'<div>a & b</div>'}"), "Patient.text.div", "invariant", "&amp;" },
        { Patient("'text':{'status':'generated','div':5}"), "Patient.text.div", "structure", "XHTML" },
    };

    /// <summary>What suppliers of the service's own types get wrong: severity, code and exact place of each.</summary>
    public static TheoryData<string, string, string, string, IssueSeverity> Suppliers => new()
    {
        { "{'resourceType':'EpisodeOfCare','patient':{'reference':'Patient/1'}}", "EpisodeOfCare.status", "required", "status is missing", IssueSeverity.Error },
        { "{'resourceType':'EpisodeOfCare','status':'open','patient':{'reference':'Patient/1'}}", "EpisodeOfCare.status", "code-invalid", "planned", IssueSeverity.Error },
        { "{'resourceType':'EpisodeOfCare','status':'active','patient':{'reference':'Patient/1'},'statusHistory':[{'status':'active'}]}", "EpisodeOfCare.statusHistory[0].period", "required", "period is missing", IssueSeverity.Error },
        { "{'resourceType':'Encounter','status':'finished','class':{'code':'IMP'},'location':[{'status':'completed'}]}", "Encounter.location[0].location", "required", "location is missing", IssueSeverity.Error },
        { "{'resourceType':'Encounter','status':'finished','class':{'code':'IMP'},'hospitalization':{'admitSource':'A'}}", "Encounter.hospitalization.admitSource", "structure", "JSON object of type CodeableConcept", IssueSeverity.Error },
        { "{'resourceType':'Encounter','status':'finished','class':{'code':'IMP'},'diagnosis':[{'condition':{'reference':'Observation/1'}}]}", "Encounter.diagnosis[0].condition", "value", "cannot refer", IssueSeverity.Error },
        { "{'resourceType':'MedicationStatement','status':'active','subject':{'display':'a'},'medicationCodeableConcept':{'text':'a'},'dosage':[{'doseAndRate':[{'doseQuantity':{'value':'one'}}]}]}", "MedicationStatement.dosage[0].doseAndRate[0].dose.value", "structure", "a number", IssueSeverity.Error },
        { "{'resourceType':'MedicationRequest','status':'active','intent':'order','subject':{'display':'a'},'medicationCodeableConcept':{'text':'a'},'dispenseRequest':{'numberOfRepeatsAllowed':-1}}", "MedicationRequest.dispenseRequest.numberOfRepeatsAllowed", "value", "0 ", IssueSeverity.Error },
        { "{'resourceType':'Procedure','status':'completed','subject':{'display':'a'},'performedPeriod':{'start':'2024-13-01'}}", "Procedure.performed.start", "value", "real date", IssueSeverity.Error },
        { "{'resourceType':'Consent','status':'active','scope':{'text':'a'},'category':[{'text':'a'}],'policyRule':{'text':'a'},'provision':{'type':'refuse'}}", "Consent.provision.type", "code-invalid", "deny", IssueSeverity.Error },
        { "{'resourceType':'CarePlan','status':'active','intent':'plan','subject':{'display':'a'},'activity':[{'detail':{'status':'begun'}}]}", "CarePlan.activity[0].detail.status", "code-invalid", "not-started", IssueSeverity.Error },
        { "{'resourceType':'Task','status':'requested','intent':'order','restriction':{'repetitions':0}}", "Task.restriction.repetitions", "value", "1 ", IssueSeverity.Error },
        { "{'resourceType':'Appointment','status':'proposed','participant':[{'actor':{'display':'a'}}]}", "Appointment.participant[0].status", "required", "status is missing", IssueSeverity.Error },
        { "{'resourceType':'PractitionerRole','availableTime':[{'availableStartTime':'24:00:00'}]}", "PractitionerRole.availableTime[0].availableStartTime", "value", "time", IssueSeverity.Error },
        { "{'resourceType':'DocumentReference','status':'current','content':[{'attachment':{'contentType':'text/plain','data':'not base64!'}}]}", "DocumentReference.content[0].attachment.data", "value", "base64", IssueSeverity.Error },
        { "{'resourceType':'QuestionnaireResponse','status':'completed','item':[{'linkId':'1','answer':[{'valueDecimal':'3'}]}]}", "QuestionnaireResponse.item[0].answer[0].value", "structure", "a number", IssueSeverity.Error },
        { "{'resourceType':'Group','type':'person','actual':'true'}", "Group.actual", "structure", "true or false", IssueSeverity.Error },
        { "{'resourceType':'Claim','status':'active','type':{'text':'a'},'use':'bill','patient':{'display':'a'},'created':'2020','provider':{'display':'a'},'priority':{'text':'a'},'insurance':[{'sequence':1,'focal':true,'coverage':{'display':'a'}}]}", "Claim.use", "code-invalid", "preauthorization", IssueSeverity.Error },
    };

    [Theory]
    [MemberData(nameof(Suppliers))]
    public void Read_ResourceOfASupplier_SaysHowBadWhatAndExactlyWhere(string json, string expression, string code, string text, IssueSeverity severity)
    {
        var (valid, issues) = Read(json);

        valid.ShouldBeFalse();
        var issue = issues.Single(i => i.IsError);
        (issue.Severity, issue.Code, issue.Expression).ShouldBe((severity, code, expression), issue.ToString());
        issue.Text.ShouldContain(text);
    }

    [Theory]
    [InlineData("{'resourceType':'Condition','subject':{'reference':'Patient\\/1'},'abatementDateTime':'2020','clinicalStatus':{'coding':[{'system':'http:\\/\\/terminology.hl7.org\\/CodeSystem\\/condition-clinical','code':'resolved'}]}}")]
    [InlineData("{'resourceType':'Patient','identifier':[{'extension':[{'url':'https:\\/\\/fhir.hl7.org.uk\\/StructureDefinition\\/Extension-UKCore-NHSNumberVerificationStatus','valueCodeableConcept':{'coding':[{'system':'https:\\/\\/fhir.hl7.org.uk\\/CodeSystem\\/UKCore-NHSNumberVerificationStatusEngland','code':'01'}]}}],'system':'https:\\/\\/fhir.nhs.uk\\/Id\\/nhs-number','value':'9434765919'}]}")]
    [InlineData("{'resourceType':'Patient','g\\u0065nder':'m\\u0061le'}")]
    public void Read_EscapesThatJsonAllows_AreTheSameText(string json) => Read(json).Issues.ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Json))]
    [MemberData(nameof(Structure))]
    [MemberData(nameof(Siblings))]
    [MemberData(nameof(Cardinality))]
    [MemberData(nameof(Codes))]
    [MemberData(nameof(References))]
    [MemberData(nameof(Contained))]
    [MemberData(nameof(Narratives))]
    public void Read_BrokenResource_SaysWhereAndHowToMend(string json, string expression, string code, string text)
    {
        var (valid, issues) = Read(json);

        valid.ShouldBeFalse();
        var issue = issues.FirstOrDefault(i => i.Expression == expression && i.Code == code && i.Text.Contains(text, StringComparison.Ordinal));
        issue.ShouldNotBeNull($"{json}\n{string.Join("\n", issues)}");
        issues.Count(i => i.IsError).ShouldBe(1, string.Join("\n", issues));
    }
}
