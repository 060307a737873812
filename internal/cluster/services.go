// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rerig/rerig/internal/cluster/client"
	"github.com/rerig/rerig/internal/cluster/gatewayapi"
	"github.com/rerig/rerig/internal/cluster/istio"
	"github.com/rerig/rerig/internal/mesh"
	"github.com/rerig/rerig/internal/plan/swap"
)

// addService adds a Service that selects pods: a keeper by its workload's key, any
// other by its namespace.
func (r *readings) addService(s *corev1.Service) {
	if _, is := s.Labels[swap.KeepLabel]; is {
		if of := swap.ReadMark(nil, s.Annotations).Workload; of != "" {
			r.keepers[of] = s.Name
		}
		return
	}
	if len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName {
		return // an ExternalName has no endpoints, whatever it selects
	}
	m := mesh.Service{Name: s.Name, IncludesUnready: s.Spec.PublishNotReadyAddresses, Selector: s.Spec.Selector}
	m.Address = serviceAddress(s)
	m.Local = s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
	m.LoadBalancer = s.Spec.Type == corev1.ServiceTypeLoadBalancer
	for _, p := range s.Spec.Ports {
		port := mesh.Port{Name: p.Name, Number: int(p.Port), Target: targetOf(p), Protocol: string(cmp.Or(p.Protocol, corev1.ProtocolTCP))}
		if p.AppProtocol != nil {
			port.AppProtocol = *p.AppProtocol
		}
		m.Ports = append(m.Ports, port)
	}
	r.services[s.Namespace] = append(r.services[s.Namespace], m)
}

// serviceAddress returns what clients reach a Service by.
func serviceAddress(s *corev1.Service) string {
	parts := []string{"UID " + string(s.UID)}
	if len(s.Spec.ClusterIPs) > 0 {
		parts = append(parts, "cluster IP "+strings.Join(s.Spec.ClusterIPs, ", "))
	}
	var nodePorts, addresses []string
	for _, p := range s.Spec.Ports {
		if p.NodePort > 0 {
			nodePorts = append(nodePorts, strconv.Itoa(int(p.NodePort)))
		}
	}
	for _, in := range s.Status.LoadBalancer.Ingress {
		addresses = append(addresses, cmp.Or(in.IP, in.Hostname))
	}
	slices.Sort(addresses)
	for what, list := range map[string][]string{"node ports ": nodePorts, "load balancer ": addresses} {
		if len(list) > 0 {
			parts = append(parts, what+strings.Join(list, ", "))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "; ")
}

// readAPIGateways reads the Gateways of the Gateway API where istiod deploys any, and the
// keepers of these.
func (r *Reader) readAPIGateways(ctx context.Context, o *observation) error {
	if !o.found.deploysGateways() {
		return nil
	}
	var err error
	if o.found.apiGateways, err = gatewayapi.Read(ctx, r.api, gatewayManagedBy); err != nil || !r.scope.Swaps {
		return err
	}
	var keepers map[mesh.WorkloadRef]string
	err = client.List(ctx, metav1.ListOptions{LabelSelector: swap.KeepLabel}, r.api.Metadata.Resource(istio.ServiceEntries).List,
		func() { keepers = map[mesh.WorkloadRef]string{} },
		func(page *metav1.PartialObjectMetadataList) {
			for _, m := range page.Items {
				if of := swap.ReadMark(nil, m.Annotations).Workload; of != "" {
					keepers[of] = m.Name
				}
			}
		})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) { // a run that moves such a gateway is refused without the right
		return nil
	}
	maps.Copy(o.found.keepers, keepers)
	return client.ReadError("ServiceEntries", err)
}

// gatewayManagedBy returns the GitOps tool that manages the label istio.io/rev of a Gateway,
// "" for none. A label that the run has written is not in the tool's source.
func gatewayManagedBy(m *metav1.ObjectMeta) string {
	tool := cmp.Or(gitOpsOwner(m, ownLabels, mesh.RevisionLabel), trackedBy(m))
	if writtenByRun(m) || !(mesh.Workload{ManagedBy: tool}).ByGitOps() {
		return ""
	}
	return tool
}

// targetOf returns a port's target, or its own number where it has no other.
func targetOf(p corev1.ServicePort) string {
	if t := p.TargetPort.String(); t != "0" && t != "" {
		return t
	}
	return fmt.Sprint(p.Port)
}

// withServices adds the Services that select a workload's pods, and its keeper.
func (r readings) withServices(w mesh.Workload, pods []pod) mesh.Workload {
	w.Keeper = r.keepers[w.Ref()]
	for _, s := range r.services[w.Namespace] {
		attached, selected := 0, 0
		for _, p := range pods {
			if p.Swap.Place != mesh.Attached {
				continue
			}
			if attached++; s.Selects(p.labels) {
				selected++
			}
		}
		if byTemplate := s.Selects(w.Template.Labels); byTemplate || selected > 0 {
			s.Partial = !byTemplate && selected < attached
			w.Services = append(w.Services, s)
		}
	}
	return w
}

// endpoints has the Services of which a pod is a ready endpoint.
type endpoints map[types.UID][]string

// readEndpoints reads the EndpointSlices of the namespaces with pods of a swap or a
// serving trial pod. Who only observes need not be permitted to: then no pod is
// known to be an endpoint, and nothing is swapped by this observation.
func (r *Reader) readEndpoints(ctx context.Context, o *observation) error {
	o.found.endpoints = endpoints{}
	wanted := map[string]bool{}
	for _, p := range o.found.pods {
		if p.Swap.Marked() {
			wanted[p.namespace] = true
		}
	}
	for _, x := range o.world.Trials {
		if x.Phase == mesh.Serving {
			wanted[x.Namespace] = true
		}
	}
	for namespace := range wanted {
		var found endpoints
		err := client.List(ctx, allObjects, r.api.DiscoveryV1().EndpointSlices(namespace).List, func() { found = endpoints{} },
			func(page *discoveryv1.EndpointSliceList) {
				for i := range page.Items {
					found.add(&page.Items[i])
				}
			})
		if err != nil && !apierrors.IsForbidden(err) {
			return client.ReadError("EndpointSlices in "+namespace, err)
		}
		maps.Copy(o.found.endpoints, found)
	}
	for i, x := range o.world.Trials {
		o.world.Trials[i].Pod.Endpoints = o.found.endpoints[types.UID(x.Pod.UID)]
	}
	return nil
}

func (e endpoints) add(s *discoveryv1.EndpointSlice) {
	service := s.Labels[discoveryv1.LabelServiceName]
	for _, p := range s.Endpoints {
		if p.TargetRef == nil || p.Conditions.Ready != nil && !*p.Conditions.Ready || slices.Contains(e[p.TargetRef.UID], service) {
			continue
		}
		e[p.TargetRef.UID] = append(e[p.TargetRef.UID], service)
		slices.Sort(e[p.TargetRef.UID])
	}
}
