namespace Mesh.Node.Policy.Rules;

/// <summary>The owner consents to this kind of work, and to some model.</summary>
internal static class ConsentRule
{
    public static readonly Rule Interactive = OfKind(WorkKinds.Interactive, "consent.interactive");

    public static readonly Rule Batch = OfKind(WorkKinds.Batch, "consent.batch");

    public static readonly Rule Models = new(ReasonCodes.NoModelConsent, "consent.models", Urgency.Now, question =>
        Finding.Of(question.Policy.Consent.NamesModels, "[]", "a model or a publisher"));

    private static Rule OfKind(WorkKinds kind, string setting) => new(
        ReasonCodes.NoConsent,
        setting,
        Urgency.Now,
        question => Finding.Of((question.Policy.Consent.Kinds & kind) != 0, "false", "true"),
        Kinds: kind);
}
