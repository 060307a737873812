// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rerig/rerig/internal/mesh"
)

// ControlPlaneHealth are the checks of a control plane that serves proxies or is
// about to.
var ControlPlaneHealth = []Check{
	{
		Name:        "revision-complete",
		Description: "The revision is complete: istiod's Deployment, its Service and its injection webhook exist.",
		Hint: "Install what is missing with the tool and the values that installed the revision, or correct the revision's name. " +
			"`kubectl get deployment,service,mutatingwebhookconfiguration -A -l istio.io/rev=REVISION` lists what exists.",
		Evaluate: revisionComplete,
	},
	{
		Name:        "istiod-ready",
		Description: "All wanted istiod replicas are ready, and there is at least one.",
		Hint:        "See why a pod is not ready: `kubectl -n istio-system describe pods -l app=istiod`.",
		Evaluate:    istiodReady,
	},
	istiodAnswers,
	{
		Name:        "webhook-certificate",
		Description: "The revision's injection webhooks have a CA bundle, so that pods can be created.",
		Hint: "istiod writes the CA bundle within seconds. Read its log for \"failed to patch webhook\", " +
			"and see that it may update MutatingWebhookConfigurations.",
		Evaluate: webhookCertificate,
	},
	webhookCall,
	{
		Name:        "trust-root",
		Description: "The revision has the same trust root as the rest of the mesh.",
		Hint: "Give both revisions the same CA before any workload moves: Secret cacerts or istio-ca-secret in istiod's namespace. " +
			"mTLS fails between two trust roots.",
		Evaluate: trustRoot,
	},
}

var istiodAnswers = Check{
	Name:        "istiod-answers",
	Description: "Every istiod pod reports which proxies it serves, and presents a valid certificate to them.",
	Hint: "Read istiod's log. Port 15014 must answer (ENABLE_DEBUG_ON_HTTP) and port 15012 must present a certificate. " +
		"You need the right to create pods/portforward, and this machine's clock must be correct.",
	Evaluate: istiodsAnswerAndServe,
}

// webhookCall is not required of a control plane that the run leaves: to leave it may
// be the cure.
var webhookCall = Check{
	Name: "webhook-call",
	Description: "The API server accepts the certificate that istiod presents to it: " +
		"the certificate is valid for the Service that the injection webhooks call, and chains to their CA bundle.",
	Hint: "Pods cannot be created before that. If the name is missing, add it: dnsNames of cert-manager's Certificate, " +
		"app.istio.revisions of istio-csr, or ISTIOD_CUSTOM_HOST of an istiod that issues its own. Then restart istiod. " +
		"If no istiod is behind the Service, compare its selector and ports with the istiod pods. " +
		"If the chain is wrong, see who else writes the webhooks' caBundle: " +
		"`kubectl get mutatingwebhookconfigurations -o yaml --show-managed-fields`.",
	Evaluate: apiServerAcceptsIstiods,
}

// ControlPlaneValidation are the checks of the control plane that workloads move to.
var ControlPlaneValidation = slices.Concat(ControlPlaneHealth, []Check{
	{
		Name:        "istiod-version",
		Description: "Every istiod of the revision has the version that the plan names.",
		Hint: "The revision's name is in use for another version, which would be an in-place upgrade. " +
			"Install the new version under a revision name of its own.",
		Evaluate: istiodVersion,
	},
	{
		Name:        "nothing-moved",
		Description: "No workload runs the revision's sidecar unless this run moved it.",
		Hint: "Something else moved it: an install that replaced a gateway, a tag, or another person. " +
			"Move it back to its previous control plane, or run the same command again and approve the new plan.",
		Evaluate: nothingMoved,
	},
})

func revisionComplete(f Facts) (Result, string) {
	r, ok := f.World.Revision(f.Revision)
	switch {
	case !ok:
		return Fail, fmt.Sprintf("no control plane of revision %s exists", f.Revision)
	case len(r.Missing) > 0:
		return Wait, fmt.Sprintf("revision %s has no %s", f.Revision, strings.Join(r.Missing, ", no "))
	}
	return Pass, ""
}

func istiodReady(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if r.Replicas == 0 {
		return Wait, fmt.Sprintf("istiod of revision %s is scaled to 0 replicas", f.Revision)
	}
	if r.Ready < r.Replicas {
		return Wait, fmt.Sprintf("istiod of revision %s has %d/%d replicas ready", f.Revision, r.Ready, r.Replicas)
	}
	return Pass, fmt.Sprintf("istiod %d/%d ready", r.Ready, r.Replicas)
}

// istiodsAnswerAndServe warns about a closed port 15012 if the control plane was in
// use before the run: its proxies then use another port (--secureGRPCAddr="", and
// 15010 without TLS), and verification checks each of their connections.
func istiodsAnswerAndServe(f Facts) (Result, string) {
	if result, reason := istiodsOfRevisionAnswer(f); result != Pass {
		return result, reason
	}
	r, _ := f.World.Revision(f.Revision)
	closed := ""
	for _, i := range r.Istiods {
		if i.PortClosed != "" {
			closed = fmt.Sprintf("istiod %s presents no certificate on port 15012: %s", i.Pod, i.PortClosed)
		}
		if i.PortClosed != "" && !f.InUse {
			return Wait, closed
		}
		if i.CertificateNotValid != "" {
			return Wait, fmt.Sprintf("istiod %s presents a certificate that is %s", i.Pod, i.CertificateNotValid)
		}
	}
	if closed != "" {
		return Warn, closed
	}
	return Pass, ""
}

// istiodsOfRevisionAnswer checks that every istiod of the revision reports which
// proxies it serves.
func istiodsOfRevisionAnswer(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if len(r.Istiods) == 0 {
		return Wait, fmt.Sprintf("no istiod pod of revision %s is running", f.Revision)
	}
	for _, i := range r.Istiods {
		if !i.Answers() {
			return Wait, notReported(i)
		}
	}
	return Pass, ""
}

func notReported(i mesh.Istiod) string {
	return fmt.Sprintf("istiod %s does not report which proxies it serves: %s", i.Pod, i.NoAnswer)
}

// revisionWebhooks returns the revision's own injection webhooks, without those of its tags.
func revisionWebhooks(f Facts) []mesh.Webhook {
	var hooks []mesh.Webhook
	for _, h := range f.World.Webhooks {
		if h.Revision == f.Revision && h.Tag == "" {
			hooks = append(hooks, h)
		}
	}
	return hooks
}

func webhookCertificate(f Facts) (Result, string) {
	hooks := revisionWebhooks(f)
	for _, h := range hooks {
		if len(h.Roots) == 0 {
			return Wait, fmt.Sprintf("webhook %s (%s) has no CA bundle: pods that it selects cannot be created", h.Configuration, h.Name)
		}
	}
	if len(hooks) == 0 {
		return Wait, fmt.Sprintf("revision %s has no injection webhook", f.Revision)
	}
	return Pass, ""
}

// apiServerAcceptsIstiods waits for a chain, because istiod writes the CA bundle, and not
// for a name. An istiod that does not answer was not asked: istiod-answers waits for it.
func apiServerAcceptsIstiods(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	for _, i := range r.Istiods {
		if i.WebhookNameNotValid != "" {
			return Fail, fmt.Sprintf("the API server rejects the certificate of istiod %s, so pods that revision %s injects cannot be created: %s",
				i.Pod, f.Revision, i.WebhookNameNotValid)
		}
	}
	for _, i := range r.Istiods {
		if i.WebhookNotTrusted != "" {
			return Wait, fmt.Sprintf("the injection webhooks of revision %s cannot be called, so its pods cannot be created: istiod %s, %s",
				f.Revision, i.Pod, i.WebhookNotTrusted)
		}
	}
	for _, h := range revisionWebhooks(f) {
		if h.NoIstiod {
			return Wait, fmt.Sprintf("webhook %s (%s) calls Service %s, and no running istiod is behind that Service and port: "+
				"its pods cannot be created", h.Configuration, h.Name, h.Service)
		}
	}
	for _, h := range revisionWebhooks(f) {
		if h.NotVerified {
			return Warn, fmt.Sprintf("not verified: webhook %s (%s) calls %s, which is not known to lead to an istiod of this cluster",
				h.Configuration, h.Name, h.Service)
		}
	}
	return Pass, ""
}

// trustRoot compares the mesh's roots with those in the revision's webhooks, which
// its istiods wrote, and with those that its istiods' certificates chain to.
func trustRoot(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	if len(f.World.Roots) == 0 && r.UsesTrustBundle {
		return Warn, fmt.Sprintf("trust root not compared: proxies of revision %s get it from a ClusterTrustBundle, which Rerig does not read",
			f.Revision)
	}
	if len(f.World.Roots) == 0 {
		return Wait, "the mesh's root certificate is missing (ConfigMap istio-ca-root-cert)"
	}
	for _, h := range revisionWebhooks(f) {
		if len(h.Roots) > 0 && !slices.ContainsFunc(h.Roots, func(r string) bool { return slices.Contains(f.World.Roots, r) }) {
			return Fail, fmt.Sprintf("two trust roots: revision %s has %s (webhook %s), the mesh has %s (ConfigMap istio-ca-root-cert)",
				f.Revision, abbreviate(h.Roots), h.Configuration, abbreviate(f.World.Roots))
		}
	}
	for _, i := range r.Istiods {
		if i.ForeignRoot != "" {
			return Fail, fmt.Sprintf("two trust roots: the certificate of istiod %s does not chain to the mesh's root %s "+
				"(ConfigMap istio-ca-root-cert): %s", i.Pod, abbreviate(f.World.Roots), i.ForeignRoot)
		}
	}
	return Pass, fmt.Sprintf("same trust root (%s)", abbreviate(f.World.Roots))
}

// abbreviate shortens fingerprints to 12 characters each.
func abbreviate(fingerprints []string) string {
	var list []string
	for _, p := range fingerprints {
		list = append(list, p[:min(12, len(p))])
	}
	return strings.Join(list, "+")
}

// istiodVersion ignores an istiod that does not answer: its version is then a guess
// from its image's tag (1.31.0-distroless, a mirror's tag, none for a digest).
// istiod-answers waits for it.
func istiodVersion(f Facts) (Result, string) {
	r, _ := f.World.Revision(f.Revision)
	for _, i := range r.Istiods {
		if i.Answers() && f.Version != "" && i.Version != f.Version {
			return Fail, fmt.Sprintf("istiod %s has version %s, the plan names %s", i.Pod, i.Version, f.Version)
		}
	}
	return Pass, "istiod version " + r.Version
}

func nothingMoved(f Facts) (Result, string) {
	for _, wl := range f.World.Workloads {
		was, known := f.Sidecars[wl.Ref()]
		if known && !f.MovedNamespaces[wl.Namespace] && !slices.Contains(mesh.SplitRevisions(was), f.Revision) &&
			slices.Contains(wl.Sidecars(), f.Revision) {
			return Fail, fmt.Sprintf("%s was on %s and now runs a proxy of %s, although this run did not move it", wl.Ref(), was, f.Revision)
		}
	}
	return Pass, "no proxy moved yet"
}
