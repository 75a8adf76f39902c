// Importing this file registers the texts of this part.
import { include } from '../language/language.svelte';
import { viDashboard } from '../messages/vi-dashboard';

include(viDashboard);
