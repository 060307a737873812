// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// judgeIstiod looks at an istiod of the revision that is there already. One that
// serves in another version is refused: a name that is used again is an upgrade
// in place, of everything that the old one serves. What an earlier try left is
// said; the install repeats it.
func (d *Draft) judgeIstiod(ctx context.Context, cluster dynamic.Interface, istiod *unstructured.Unstructured) error {
	if cluster == nil {
		return nil
	}
	found, err := lookUp(ctx, cluster, []*unstructured.Unstructured{istiod})
	if err != nil || found[0] == nil {
		return err
	}
	now := seen(istiod, found[0])
	if version, ok := versionInTag(imageTag(image(found[0], "discovery"))); ok {
		now.Version = version
	}
	ready, _, _ := unstructured.NestedInt64(found[0].Object, "status", "readyReplicas")
	if ready > 0 && now.Version != "" && !SameVersion(now.Version, d.Version) {
		return fmt.Errorf("install revision %s in version %s: it is there and serves, %s: under a name that is used again everything that it serves would be upgraded in place; give the new version a name of its own, such as --to %s",
			d.Revision, d.Version, now.Now(), NameFor(d.Version))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("%s is there already, %s: it is replaced in place", now, now.Now()))
	return nil
}
