// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refuseOlderDefinitions refuses an install that would take CRDs back to an older
// Istio: istioctl applies them with every control plane, and they are of every
// revision. What is stored with newer fields would lose them at its next write.
func (i ByIstioctl) refuseOlderDefinitions(ctx context.Context, d Draft, manifest []*unstructured.Unstructured) error {
	if i.Cluster == nil {
		return nil
	}
	var wanted []*unstructured.Unstructured
	for _, o := range manifest {
		if o.GetKind() == definitions.Kind {
			wanted = append(wanted, o)
		}
	}
	live, err := lookUp(ctx, i.Cluster, wanted)
	if err != nil {
		return err
	}
	newest, names := "", []string(nil)
	for _, o := range live {
		if o == nil || !olderThan(d.Version, definedBy(o)) {
			continue
		}
		names = append(names, o.GetName())
		if newest == "" || olderThan(newest, definedBy(o)) {
			newest = definedBy(o)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("install revision %s by istioctl: it would take Istio's definitions (CRDs), which are of every revision, back from %s to %s (%s), and they are never downgraded: switch the base off in the IstioOperator file (spec.components.base.enabled: false), and they stay as they are",
		d.Revision, newest, d.Version, brief(names))
}

// definedBy is the Istio version that a CRD bears: istioctl labels it with its
// own, Helm with that of the chart base; "" when it does not say.
func definedBy(definition *unstructured.Unstructured) string {
	labels := definition.GetLabels()
	chart, is := strings.CutPrefix(labels["helm.sh/chart"], "base-")
	if !is {
		chart = ""
	}
	return cmp.Or(labels[versionLabel], chart)
}
