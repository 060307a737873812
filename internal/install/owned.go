// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The annotations by which Helm knows whose an object is.
const (
	releaseAnnotation          = "meta.helm.sh/release-name"
	releaseNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// owned refuses what Helm would stumble over: an object of the manifest that is
// there and is not of the revision's release.
func (i ByHelm) owned(ctx context.Context, revision string, manifest []*unstructured.Unstructured) error {
	live, err := lookUp(ctx, i.Cluster, manifest)
	if err != nil {
		return err
	}
	var foreign []string
	for n, o := range live {
		if o == nil {
			continue
		}
		name, namespace := o.GetAnnotations()[releaseAnnotation], o.GetAnnotations()[releaseNamespaceAnnotation]
		switch {
		case name == ReleaseName(revision) && namespace == i.Root:
		case name == "":
			foreign = append(foreign, named(manifest[n]).String()+" (of no Helm release)")
		default:
			foreign = append(foreign, fmt.Sprintf("%s (of Helm release %s/%s)", named(manifest[n]), namespace, name))
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return fmt.Errorf("install revision %s by Helm: other hands have put there already: %s; finish or remove what they began (istioctl: `istioctl uninstall --revision %s`), or take another name with --to",
		revision, strings.Join(foreign, ", "), revision)
}
