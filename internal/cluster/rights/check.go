// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/record"
)

const (
	argoAPI = argo + "/v1alpha1"

	// parallelReviews is how many rights are asked for at the same time.
	parallelReviews = 8
)

// Checker asks the API server for the user's rights.
type Checker struct {
	api     *client.Clients
	records *record.Store
	root    string
}

// NewChecker returns a checker where istiod is in root.
func NewChecker(api *client.Clients, records *record.Store, root string) *Checker {
	return &Checker{api: api, records: records, root: root}
}

// Purpose is what a command is about to do.
type Purpose struct {
	Writes  bool // it writes to the mesh
	Removes bool // it removes a revision, or removed one
}

// Needed returns the rights that a command needs in this cluster. Those on the
// definition are left out where it is served: who runs upgrades need not be
// permitted to define resources. Those on Argo's Rollouts are left out where they
// are not served.
func (c *Checker) Needed(ctx context.Context, p Purpose) ([]Right, error) {
	list := Reading(c.root)
	if p.Removes {
		list = append(list, ReadingRemoval()...)
	}
	if p.Writes {
		list = append(list, Writing(c.root)...)
	}
	if p.Writes && p.Removes {
		list = append(list, Removing(c.root)...)
	}
	served, err := c.api.Serves(ctx, argoAPI)
	if served {
		list = append(list, Rollouts(p.Writes)...)
	}
	if !p.Writes || err != nil {
		return list, err
	}
	defined, err := c.records.Defined(ctx)
	if !defined || err != nil {
		return list, err
	}
	return slices.DeleteFunc(list, func(r Right) bool { return slices.Contains(defining, r) }), nil
}

// Missing returns those of the rights that the user lacks, in their order. It asks
// for several at a time.
func (c *Checker) Missing(ctx context.Context, wanted []Right) ([]Right, error) {
	lacks := make([]bool, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelReviews)
	for n, r := range wanted {
		group.Go(func() error {
			review, err := c.api.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, r.review(), client.Creating)
			if err != nil {
				return client.ReadError(fmt.Sprintf("whether you may %s", r), err)
			}
			lacks[n] = !review.Status.Allowed
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var missing []Right
	for n, r := range wanted {
		if lacks[n] {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

func (r Right) review() *authorizationv1.SelfSubjectAccessReview {
	resource, subresource, _ := strings.Cut(r.Resource, "/")
	return &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: r.Verb, Group: r.Group, Resource: resource, Subresource: subresource, Namespace: r.Namespace, Name: r.Name,
		},
	}}
}
