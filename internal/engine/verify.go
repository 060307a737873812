// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"

	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/strategy"
	"github.com/rerig/rerig/internal/step"
	"github.com/rerig/rerig/internal/verify"
)

// verify checks each workload of a wave. One that waits does not delay the others.
func (t *turn) verify(ctx context.Context, stage step.Stage) (Outcome, error) {
	var waiting *verify.Verdict
	var waitingStep step.Step
	for _, s := range stage.Steps {
		v := t.verifyWorkload(ctx, s)
		if v.Result == verify.Wait {
			if t.overdue(s) {
				return t.fail(ctx, s, v)
			}
			waiting, waitingStep = &v, s
			t.report(Event{Kind: Waiting, Step: &s, Verdict: &v})
			continue
		}
		if outcome, err := t.conclude(ctx, s, v); outcome != "" || err != nil {
			return outcome, err
		}
	}
	if waiting != nil {
		return t.wait(ctx, *waiting, waitingStep)
	}
	return "", t.save(ctx)
}

// verifyWorkload checks one workload. It asks one of its proxies once everything
// else passes.
func (t *turn) verifyWorkload(ctx context.Context, s step.Step) verify.Verdict {
	facts := t.workloadFacts(s)
	if v := verify.Worst(verify.Evaluate(verify.WorkloadRollout, string(s.Subject), facts)); v.Result != verify.Pass {
		return v
	}
	t.askCertificate(ctx, &facts, facts.Workload.Live()[0].Name)
	return verify.Worst(verify.Evaluate(verify.WorkloadVerification, string(s.Subject), facts))
}

// askCertificate adds the certificate of a pod's proxy to the facts.
func (t *turn) askCertificate(ctx context.Context, f *verify.Facts, pod string) {
	c, err := t.Observer.Certificate(ctx, f.Workload.Namespace, pod)
	if err != nil {
		f.CertificateError = err.Error()
		return
	}
	f.Certificate = &c
}

// askConfigurations adds the configurations of a gateway's new pod, and of one that
// serves, to the facts.
func (t *turn) askConfigurations(ctx context.Context, f *verify.Facts, namespace, fresh, serving string) {
	f.Compared = &verify.Comparison{Pod: fresh, With: serving}
	theirs, err := t.Observer.Configuration(ctx, namespace, serving)
	if err != nil {
		f.Compared.Error = err.Error()
		return
	}
	own, err := t.Observer.Configuration(ctx, namespace, fresh)
	if err != nil {
		f.Compared.Error = err.Error()
		return
	}
	f.Compared.Resources, f.Compared.Differences = len(own), own.DifferencesFrom(theirs)
}

// rolloutVerdict checks one workload by what the API server and the istiods report.
func (t *turn) rolloutVerdict(s step.Step) verify.Verdict {
	return verify.Worst(verify.Evaluate(verify.WorkloadRollout, string(s.Subject), t.workloadFacts(s)))
}

func (t *turn) workloadFacts(s step.Step) verify.Facts {
	wl, ok := t.world.Workload(s.Workload())
	if !ok {
		wl = mesh.Workload{}
	}
	return verify.Facts{
		World:        t.world,
		FrontBefore:  t.frontBefore(wl),
		Revision:     s.To,
		Workload:     wl,
		Rollback:     t.target.Rollback,
		TrustedRoots: t.ledger.TrustedRoots,
		Evicted:      strategy.Decide(t.target.Policy, wl).Strategy == step.ByEviction,
		AttemptsUsed: t.ledger.Restarted(wl, s.To) >= step.MaxAttempts ||
			t.ledger.Evicted(wl, s.To) >= step.MaxAttempts*max(wl.Replicas, 1),
	}
}

// frontBefore returns what a gateway's clients saw of it when the run began, nil if it is not
// known. Services are not read where no pod is swapped: then nothing is compared.
func (t *turn) frontBefore(wl mesh.Workload) *mesh.Front {
	before, known := t.ledger.Baseline.Fronts[wl.Ref()]
	if !known || len(wl.Services) == 0 && wl.APIGateway.Name == "" {
		return nil
	}
	return &before
}
