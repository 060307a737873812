// SPDX-License-Identifier: Apache-2.0

package verify

import "github.com/rerig/rerig/internal/mesh"

// failure makes goodFacts miss a check.
type failure struct {
	name   string
	breaks func(*Facts)
	want   Result
}

// failures are, for each check, facts that don't pass it.
var failures = map[string][]failure{
	"revision-complete": {
		{"no such revision", func(f *Facts) { f.World.Revisions = f.World.Revisions[:1] }, Fail},
		{"no webhook", func(f *Facts) { f.World.Revisions[1].Missing = []string{"webhook x"} }, Wait}},
	"istiod-ready": {
		{"not ready", func(f *Facts) { f.World.Revisions[1].Ready = 0 }, Wait},
		{"scaled to zero", func(f *Facts) { f.World.Revisions[1].Replicas = 0 }, Wait}},
	"istiod-answers": {
		{"no answer", func(f *Facts) { f.World.Revisions[1].Istiods[0].NoAnswer = "timeout" }, Wait},
		{"certificate expired", func(f *Facts) {
			f.World.Revisions[1].Istiods[0].CertificateNotValid = "out of date by this machine's clock"
		}, Wait},
		{"no certificate, control plane in use", func(f *Facts) {
			f.InUse, f.World.Revisions[1].Istiods[0].PortClosed = true, "connection refused"
		}, Warn},
		{"no certificate", func(f *Facts) { f.World.Revisions[1].Istiods[0].PortClosed = "connection refused" }, Wait},
		{"no pod", func(f *Facts) { f.World.Revisions[1].Istiods = nil }, Wait}},
	"webhook-certificate": {
		{"no CA bundle", func(f *Facts) { f.World.Webhooks[0].Roots = nil }, Wait},
		{"no webhook", func(f *Facts) { f.World.Webhooks = nil }, Wait}},
	"webhook-call": {
		{"another name in its certificate", func(f *Facts) {
			f.World.Revisions[1].Istiods[0].WebhookNameNotValid = "x509: certificate is valid for istiod.istio-system.svc"
		}, Fail},
		{"another name in one of two", func(f *Facts) {
			f.World.Revisions[1].Istiods[0].WebhookNotTrusted = "connection refused"
			f.World.Revisions[1].Istiods = append(f.World.Revisions[1].Istiods, mesh.Istiod{Pod: "b", WebhookNameNotValid: "x509"})
		}, Fail},
		{"a Service without istiods", func(f *Facts) { f.World.Webhooks[0].NoIstiod = true }, Wait},
		{"a URL", func(f *Facts) { f.World.Webhooks[0].NotVerified = true }, Warn},
		{"another CA bundle", func(f *Facts) { f.World.Revisions[1].Istiods[0].WebhookNotTrusted = "unknown authority" }, Wait}},
	"trust-root": {
		{"another root in its webhook", func(f *Facts) { f.World.Webhooks[0].Roots = []string{"bbbb"} }, Fail},
		{"another root of its certificate", func(f *Facts) { f.World.Revisions[1].Istiods[0].ForeignRoot = "unknown authority" }, Fail},
		{"root in a ClusterTrustBundle", func(f *Facts) { f.World.Roots, f.World.Revisions[1].UsesTrustBundle = nil, true }, Warn},
		{"root unknown", func(f *Facts) { f.World.Roots = nil }, Wait}},
	"istiod-version": {
		{"another version", func(f *Facts) { f.World.Revisions[1].Istiods[0].Version = "1.30.0" }, Fail}},
	"nothing-moved": {
		{"moved without the run", func(f *Facts) { f.MovedNamespaces = nil }, Fail}},
	"gateway-claimed-once": {
		{"claimed by two", func(f *Facts) {
			f.World.Contested = []mesh.ContestedGateway{
				{Namespace: "a", Name: "edge", Revisions: []string{"1-31-0", "default"}, Unread: "Gateways may not be listed"},
				{Namespace: "b", Name: "edge", Revisions: []string{"1-31-0", "default"}},
			}
		}, Fail},
		{"its own label is unknown", func(f *Facts) {
			f.World.Contested = []mesh.ContestedGateway{
				{Namespace: "a", Name: "edge", Revisions: []string{"1-31-0", "default"}, Unread: "Gateways may not be listed"},
			}
		}, Warn}},
	"rollout-done": {
		{"in progress", func(f *Facts) { f.Workload.Rollout = mesh.Rollout{Message: "1 of 2 updated"} }, Wait},
		{"evicted pod missing", func(f *Facts) { f.Evicted, f.Workload.Pods = true, f.Workload.Pods[:1] }, Wait},
		{"evicted pod not ready", func(f *Facts) {
			f.Evicted, f.Workload.Pods[1].Ready, f.Workload.Pods[1].Problem = true, false, "ImagePullBackOff"
		}, Wait},
		{"evicted pod terminating", func(f *Facts) { f.Evicted, f.Workload.Pods[1].Terminating = true, true }, Wait},
		{"image pull error", func(f *Facts) { f.Workload.Rollout.Done = false; f.Workload.Pods[0].Problem = "ImagePullBackOff" }, Wait}},
	"surge-capacity": {
		{"quota used up", func(f *Facts) {
			f.ExtraPods, f.World.Capacity.Quotas = 1, []mesh.Quota{{Namespace: "a", Name: "q", Resource: "pods", Hard: 2, Used: 2}}
		}, Wait},
		{"quota of Services used up", func(f *Facts) {
			f.ExtraServices, f.World.Capacity.Quotas = 1, []mesh.Quota{{Namespace: "a", Name: "q", Resource: "services", Hard: 2, Used: 2}}
		}, Wait}},
	"pods-running": {
		{"too few", func(f *Facts) { f.Workload.Pods = f.Workload.Pods[:1] }, Wait},
		{"pending pod", func(f *Facts) { f.Workload.Pods[0].Running = false }, Wait},
		{"no pods", func(f *Facts) { f.Workload.Pods, f.Workload.Replicas = nil, 0 }, Wait}},
	"sidecar-revision": {
		{"old revision", func(f *Facts) { f.Workload.Pods[0].Sidecar.Revision = "1-29-1" }, Wait},
		{"no sidecar", func(f *Facts) { f.Workload.Pods[0].Sidecar = mesh.Sidecar{} }, Wait},
		{"old revision after restarts", func(f *Facts) { f.Workload.Pods[0].Sidecar.Revision, f.AttemptsUsed = "1-29-1", true }, Fail}},
	"istiods-answer": {
		{"target does not answer", func(f *Facts) { f.World.Revisions[1].Istiods[0].NoAnswer = "timeout" }, Wait},
		{"another does not answer", func(f *Facts) { f.World.Revisions[0].Istiods[0].NoAnswer = "timeout" }, Wait}},
	"configuration-accepted": {
		{"rejected by a pod that cannot start", func(f *Facts) {
			f.Workload.Pods[1].Running, f.World.Proxies[1].Rejected = false, []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
		}, Fail},
		{"rejected", func(f *Facts) {
			f.World.Proxies[1].Rejected = []mesh.Rejection{{Type: "LDS", Reason: "no such filter"}}
		}, Fail}},
	"proxy-connected": {
		{"not connected", func(f *Facts) { f.World.Proxies = f.World.Proxies[:1] }, Wait},
		{"connected to another revision", func(f *Facts) { f.World.Proxies[0].Revision = "1-29-1" }, Wait}},
	"configuration-acknowledged": {
		{"not acknowledged", func(f *Facts) { f.World.Proxies[0].Unacked = []string{"CDS"} }, Wait},
		{"nothing sent", func(f *Facts) { f.World.Proxies[0].Sent = []string{"CDS"} }, Wait}},
	"trial-pod-ready": {
		{"not ready", func(f *Facts) { f.Workload.Pods[0].Ready, f.Workload.Pods[0].Problem = false, "app: ImagePullBackOff" }, Wait},
		{"no pod", func(f *Facts) { f.Workload.Pods = nil }, Wait}},
	"removal-scope": {
		{"a CRD", func(f *Facts) { f.World.Components[0].Kind = "CustomResourceDefinition" }, Fail},
		{"the certificate authority", func(f *Facts) { f.World.Components[0].Name = "istio-ca-secret" }, Fail},
		{"a gateway", func(f *Facts) { f.World.Components[0].IstioComponent = "IngressGateways" }, Fail}},
	"revision-unused": {
		{"a pod", func(f *Facts) { f.World.Workloads[0].Pods[1].Sidecar.Revision = "1-29-1" }, Fail},
		{"a proxy of unknown revision", func(f *Facts) {
			f.World.Workloads[0].Pods[1].Sidecar.Revision, f.World.Proxies = "", nil
		}, Fail},
		{"a connected proxy of unknown revision", func(f *Facts) {
			f.World.Workloads[0].Pods[1].Sidecar.Revision, f.World.Proxies[1].Revision = "", "1-29-1"
		}, Fail}},
	"revision-unreferenced": {
		{"a namespace", func(f *Facts) {
			f.World.Namespaces = []mesh.Namespace{{Name: "z", Labels: map[string]string{mesh.RevisionLabel: "1-29-1"}}}
		}, Fail},
		{"a template", func(f *Facts) {
			f.World.Workloads[0].Template.Labels = map[string]string{mesh.RevisionLabel: "1-29-1"}
		}, Fail},
		{"a CronJob that its webhook injects", func(f *Facts) {
			f.World.Namespaces = []mesh.Namespace{{Name: "batch"}}
			f.World.Webhooks = []mesh.Webhook{{Revision: "1-29-1",
				Objects: mesh.Selector{{Key: mesh.SidecarLabel, Operator: mesh.In, Values: []string{"true"}}}}}
			f.World.Workloads = append(f.World.Workloads, mesh.Workload{Kind: mesh.CronJob, Namespace: "batch", Name: "nightly",
				Template: mesh.Template{Labels: map[string]string{mesh.SidecarLabel: "true"}}})
		}, Fail},
		{"a tag", func(f *Facts) { f.World.Tags = []mesh.Tag{{Name: "prod", Revision: "1-29-1"}} }, Fail},
		{"the Service of a tag", func(f *Facts) {
			f.World.Tags = []mesh.Tag{{Name: "prod", Revision: "1-31-0", Service: "1-29-1"}}
		}, Fail},
		{"a WorkloadEntry, by a tag", func(f *Facts) {
			f.World.Tags = []mesh.Tag{{Name: "prod", Revision: "1-29-1"}}
			f.World.References = []mesh.Reference{{Subject: "WorkloadEntry a/b", Value: "prod"}}
		}, Fail},
		{"a webhook of another revision's tag", func(f *Facts) {
			f.World.Webhooks[0].Service, f.World.Webhooks[0].Tag = "istio-system/istiod-1-29-1", "prod"
		}, Fail},
		{"a validator, by its Service", func(f *Facts) {
			f.World.References = []mesh.Reference{{Subject: "ValidatingWebhookConfiguration a", Revision: "1-29-1"}}
		}, Fail}},
	"shared-components-moved": {
		{"CNI", func(f *Facts) {
			f.World.Components = append(f.World.Components,
				mesh.Component{Kind: "DaemonSet", Name: "istio-cni-node", Revision: "1-29-1", IstioComponent: "Cni", Shared: true})
		}, Fail}},
	"revision-unconnected": {
		{"scaled to zero", func(f *Facts) { f.World.Revisions[0].Istiods = nil }, Wait},
		{"no answer", func(f *Facts) { f.World.Revisions[0].Istiods[0].NoAnswer = "timeout" }, Wait},
		{"a VM", func(f *Facts) {
			f.World.Proxies = append(f.World.Proxies, mesh.Proxy{Namespace: "vms", Pod: "legacy", Revision: "1-29-1"})
		}, Wait}},
	"managed-objects-removed": {
		{"the Sail operator", func(f *Facts) { f.World.Components[0].ManagedBy = "the Sail operator" }, Wait}},
	"trust-domain": {
		{"another trust domain", func(f *Facts) { f.Setups.ControlPlanes[1].TrustDomain = "prod" }, Fail},
		{"new one unknown", func(f *Facts) { f.Setups.ControlPlanes[1].TrustDomain = "" }, Warn},
		{"old one unknown", func(f *Facts) { f.Setups.ControlPlanes[0].TrustDomain = "" }, Warn}},
	"istiod-name": {
		{"only the unrevisioned name", func(f *Facts) {
			f.World.Revisions[1].Istiods[0].Names = []string{"istiod.istio-system.svc", "istio-pilot.istio-system.svc"}
		}, Fail},
		{"a second name", func(f *Facts) {
			f.World.Revisions[1].Istiods[0].Names = []string{"istiod-1-31-0.istio-system.svc"}
			f.Setups.ControlPlanes[1].Hosts = append(f.Setups.ControlPlanes[1].Hosts, "istiod-ca.istio-system.svc")
		}, Fail},
		{"a name outside of the cluster", func(f *Facts) {
			f.Setups.ControlPlanes[1].Hosts = []string{"istiod.example.com", "istiod-1-31-0.istio-system.svc"}
		}, Warn}},
	"injection-templates": {
		{"one of two", func(f *Facts) { asksFor(f, "sidecar, audit") }, Fail},
		{"an alias of a missing template", func(f *Facts) { asksFor(f, "both") }, Fail},
		{"an empty annotation", func(f *Facts) { asksFor(f, "") }, Fail},
		{"the defaults of the new revision", func(f *Facts) {
			asksFor(f, "sidecar")
			delete(f.World.Workloads[0].Template.Annotations, mesh.TemplatesAnnotation)
			f.Setups.ControlPlanes[1].Templates.Defaults = []string{"audit"}
		}, Fail},
		{"templates unknown", func(f *Facts) {
			asksFor(f, "sidecar, audit")
			f.Setups.ControlPlanes[1].Templates = mesh.InjectionTemplates{}
		}, Warn}},
	"discovery-selectors": {
		{"namespace not selected", func(f *Facts) {
			f.Setups.ControlPlanes[1].Discovery = []mesh.Selector{{{Key: "mesh", Operator: mesh.Exists}}}
		}, Fail}},
	"root-in-namespaces": {
		{"no ConfigMap", func(f *Facts) { f.Setups.HasRootCertificate["a"] = false }, Wait}},
	"crds-current": {
		{"older CRDs", func(f *Facts) { f.Setups.CRDVersions = []string{"1.29.1", "1.31.0"} }, Warn}},
	"lost-settings": {
		{"not in the approved plan", func(f *Facts) { f.Setups.ControlPlanes[1].Settings = nil }, Fail},
		{"another one is in the approved plan", func(f *Facts) {
			f.Setups.ControlPlanes[1].Settings, f.AcceptedLoss = nil, []string{"mesh configuration: accessLogFile"}
		}, Fail},
		{"another registry", func(f *Facts) {
			f.Setups.ControlPlanes[0].Settings = []mesh.Setting{{Group: mesh.Images, Key: "istiod", Value: "registry.example.com/pilot"}}
			f.Setups.ControlPlanes[1].Settings = []mesh.Setting{{Group: mesh.Images, Key: "istiod", Value: "docker.io/istio/pilot"}}
		}, Fail}},
	"same-configuration": {
		{"settings differ", func(f *Facts) { f.Setups.ControlPlanes[1].Settings = nil }, Warn},
		{"not permitted to read", func(f *Facts) { f.Setups.Unknown = []string{"autoscalers"} }, Warn}},
	"pod-creation": {
		{"rejected", func(f *Facts) { f.DryRuns = []mesh.DryRunAttempt{{Pod: true, Refusal: "no endpoints"}} }, Wait},
		{"no sidecar", func(f *Facts) { f.DryRuns = []mesh.DryRunAttempt{{Pod: true, Accepted: true}} }, Wait},
		{"quota", func(f *Facts) {
			f.DryRuns = []mesh.DryRunAttempt{{Pod: true, OverQuota: true, Refusal: "exceeded quota"}}
		}, Warn},
		{"sidecar of another revision", func(f *Facts) {
			f.DryRuns = []mesh.DryRunAttempt{{Pod: true, Accepted: true, Sidecar: mesh.Sidecar{Present: true, Revision: "1-29-1"}}}
		}, Wait}},
	"valid-configuration": {
		{"rejected", func(f *Facts) { f.DryRuns = []mesh.DryRunAttempt{{Refusal: "no endpoints"}} }, Wait}},
	"invalid-configuration": {
		{"accepted", func(f *Facts) { f.DryRuns = []mesh.DryRunAttempt{{InvalidConfig: true, Accepted: true}} }, Wait}},
	"gateway-configuration": {
		{"no comparison", func(f *Facts) { f.Compared = nil }, Wait},
		{"no answer", func(f *Facts) { f.Compared.Error = "no answer within 5s" }, Wait},
		{"a listener is missing", func(f *Facts) { f.Compared.Differences.Missing = []string{"listener 0.0.0.0_8080"} }, Wait},
		{"another route", func(f *Facts) { f.Compared.Differences.Added = []string{"route http.8081"} }, Wait},
		{"another certificate", func(f *Facts) { f.Compared.Differences.Secrets = []string{"secret edge-cert"} }, Wait},
		{"other content", func(f *Facts) { f.Compared.Differences.Changed = []string{"cluster a (load_assignment)"} }, Warn}},
	"gateway-front": {
		{"another Service", func(f *Facts) { f.FrontBefore = &mesh.Front{Services: map[string]string{"front": "UID u1"}} }, Wait},
		{"no longer programmed", func(f *Facts) {
			f.Workload.APIGateway.Name = "front"
			f.FrontBefore = &mesh.Front{Status: &mesh.GatewayStatus{Programmed: true}}
		}, Wait},
		{"an address is gone", func(f *Facts) {
			f.Workload.APIGateway.Name = "front"
			f.FrontBefore = &mesh.Front{Status: &mesh.GatewayStatus{Addresses: []string{"192.0.2.1"}}}
		}, Wait},
		{"fewer routes", func(f *Facts) {
			f.Workload.APIGateway.Name = "front"
			f.FrontBefore = &mesh.Front{Status: &mesh.GatewayStatus{Routes: 2}}
		}, Warn}},
	"replacement-serves": {
		{"not ready", func(f *Facts) { f.Pending = "pod x2 to get ready" }, Wait}},
	"replacement-revision": {
		{"another revision", func(f *Facts) { f.Pending = "pod x2 has a sidecar of 1-29-1" }, Fail}},
	"parked-pod-idle": {
		{"requests", func(f *Facts) { f.Pending = "pod x0 to become idle: 2 requests" }, Wait}},
	"parked-pod-deleted": {
		{"a finalizer", func(f *Facts) { f.Pending = "pod x0 to end" }, Wait}},
	"trial-pod-endpoints": {
		{"no endpoint", func(f *Facts) { f.Pending = "trial pod x9 to be an endpoint of x" }, Wait}},
	"proxy-version": {
		{"old version", func(f *Facts) { f.World.Proxies[1].Version = "1.29.1" }, Warn}},
	"certificate-chains": {
		{"unknown CA", func(f *Facts) { f.Certificate = &mesh.Certificate{Problem: "unknown authority"} }, Fail},
		{"CA that nobody trusted before", func(f *Facts) {
			f.Certificate = &mesh.Certificate{Problem: "unknown authority", TrustedRoots: []string{"cccc"}, ChainRoots: []string{"cccc"}}
			f.TrustedRoots = []string{"bbbb"}
		}, Fail},
		{"CA that only it trusts", func(f *Facts) {
			f.Certificate = &mesh.Certificate{Problem: "unknown authority", TrustedRoots: []string{"cccc"}, ChainRoots: []string{"cccc"}}
		}, Fail},
		{"certificate missing", func(f *Facts) { f.Certificate = &mesh.Certificate{Problem: "holds no certificate of its own"} }, Fail},
		{"not valid yet", func(f *Facts) {
			f.Certificate = &mesh.Certificate{NotYetValid: true, Problem: "out of date by this machine's clock"}
		}, Wait},
		{"no mTLS", func(f *Facts) {
			f.Certificate = &mesh.Certificate{NotNeeded: true, Problem: "holds no certificate of its own"}
		}, Warn},
		{"proxy does not answer", func(f *Facts) { f.Certificate, f.CertificateError = nil, "timeout" }, Wait},
		{"not asked", func(f *Facts) { f.Certificate = nil }, Wait}},
}

// asksFor makes the workload, which is injected, ask for injection templates.
func asksFor(f *Facts, templates string) {
	f.World.Namespaces = []mesh.Namespace{{Name: "a"}}
	f.World.Workloads[0].Template.Annotations = map[string]string{mesh.TemplatesAnnotation: templates}
	f.Setups.ControlPlanes[1].Templates = mesh.InjectorConfig{
		Templates: map[string]string{"sidecar": "…"}, Aliases: map[string][]string{"both": {"sidecar", "audit"}}, Defaults: []string{"sidecar"},
	}.Offered()
}
