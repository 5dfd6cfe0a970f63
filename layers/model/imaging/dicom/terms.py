"""What a header may say in words and still tell nothing of a person: terms, names and codes that are published.

A name has the shape of a term ("ZEBRA"), and a patient's number that of a code: only what is known here may stay. What
is not known is no reason to refuse a file; it is left out of its copy.
"""

import re
from functools import cache

from pydicom._uid_dict import UID_dictionary

from imaging.dicom.anatomy import PARTS, SIDES, VIEWS


def _split(texts: str) -> list[str]:
    return [text for text in texts.replace("\n", "").split("|") if text]


_TERMS = """
ORIGINAL|DERIVED|PRIMARY|SECONDARY|MIXED|AXIAL|LOCALIZER|OTHER|NONE|UNKNOWN|UNDEFINED|NO|YES|ON|OFF|TRUE|FALSE|00|01|
02|AUTO|MANUAL|MANU|VOLUME|RESAMPLED|REFORMATTED|MPR|MIP|MINIP|MIN_IP|MAX_IP|MAXIMUM|MINIMUM|MEAN|MEDIAN|AVERAGE|
PROJECTION IMAGE|PROJECTION|M|ND|NORM|DIS2D|DIS3D|P|R|I|MAG|PHASE|PHASE MAP|MAGNITUDE|REAL|IMAGINARY|COMPLEX|FFE|SE|
M_FFE|M_SE|M_IR|PHASE CONTRAST|DIFFUSION|DIFFUSION MAP|DIFFUSION_ANISO|DIFFUSION_ATTNTD|DIFFUSION_ISO|ADC|FA|TRACEW|
MOSAIC|SUBTRACTION|SUB|T1|T2|T2_STAR|T1 MAP|T2 MAP|T1_MAP|T2_MAP|T2_STAR_MAP|FLUID_ATTENUATED|PROTON_DENSITY|STIR|
TAGGING|TOF|DENSITY MAP|VELOCITY MAP|FLOW_ENCODED|PERFUSION|PERFUSION_ASL|FMRI|SPIN_ECHO|ANGIO|ANGIO_TIME|CINE|DYNAMIC|
METABOLITE_MAP|RCBF|RCBV|MTT|TTP|ATTENUATION|CARDIAC|CARDIAC_GATED|CARDRESP_GATED|RESP_GATED|CASCORE|SCREEN SAVE|
SCREENSAVE|FUSION|GENERATED_2D|TOMOSYNTHESIS|TOMO|TOMO_PROJ|TOMO_2D|TOMO_SCOUT|STEREO L|STEREO R|SINGLE PLANE|SINGLE A|
SINGLE B|BIPLANE A|BIPLANE B|EMISSION|TRANSMISSION|STATIC|WHOLE BODY|WHOLE_BODY|GATED|GATED TOMO|RECON TOMO|
RECON GATED TOMO|PARALLEL|ENHANCED|PROCESSED|QUANTITY|REFERENCE|SPI|CT_SOM5 SPI|CT_SOM5 SEQ|CT_SOM5 TOP|CT_SOM7 SPI|
AXIAL_CT|HELIX|HELICAL|HELICAL MODE|AXIAL MODE|SPIRAL|SEQUENCED|CONSTANT_ANGLE|STATIONARY|FREE|CYLINDRICAL|
CYLINDRICAL_RING|TARGETS|SCOUT|TOPOGRAM|IMAGE_COLLECTION|THUMBNAIL|LABEL|OVERVIEW|AR|AS|ASMT|AU|BDUS|BI|BMD|CD|CF|CP|
CR|CS|CT|CTPROTOCOL|DD|DF|DG|DM|DMS|DOC|DS|DX|EC|ECG|EEG|EMG|EOG|EPS|ES|FID|FS|GM|HC|HD|IO|IOL|IVOCT|IVUS|KER|KO|LEN|
LP|LS|M3D|MA|MG|MR|MS|NM|OAM|OCT|OP|OPM|OPR|OPT|OPTBSV|OPTENF|OPV|OSS|OT|PA|PLAN|POS|PR|PT|PX|REG|RESP|RF|RG|RTDOSE|
RTIMAGE|RTINTENT|RTPLAN|RTRAD|RTRECORD|RTSEGANN|RTSTRUCT|RWV|SEG|SM|SMR|SR|SRF|ST|STAIN|TEXTUREMAP|TG|US|VA|VF|XA|
XAPROTOCOL|XC|XRF|AP|LL|RL|RLD|LLD|RLO|LLO|LAT|LATERAL|OBLIQUE|SUNRISE|AXILLARY|CC|MLO|ML|LM|LMO|SIO|ISO|XCC|XCCL|XCCM|
FB|CV|RM|RLM|AT|BL|LEFT|RIGHT|BOTH|L|U|B|F|O|Y|N|T|C|S|A|H|HFS|HFP|HFDR|HFDL|FFS|FFP|FFDR|FFDL|LFP|LFS|RFP|RFS|AFDR|
AFDL|PFDR|PFDL|SITTING|ERECT|RECUMBENT|PRONE|SUPINE|STANDING|MONOCHROME|MONOCHROME1|MONOCHROME2|PALETTE COLOR|RGB|HSV|
ARGB|CMYK|YBR_FULL|YBR_FULL_422|YBR_PARTIAL_420|YBR_PARTIAL_422|YBR_ICT|YBR_RCT|COLOR|TRUE_COLOR|LIN|LOG|LINEAR|
LINEAR_EXACT|SIGMOID|DISP|IDENTITY|INVERSE|ISO_10918_1|ISO_14495_1|ISO_15444_1|ISO_15444_2|ISO_15444_15|ISO_13818_2|
ISO_14496_10|ISO_23008_2|FOR PRESENTATION|FOR PROCESSING|DIRECT|DIGITAL_DETECTOR|DI|DRW|DV|SD|SI|SYN|WSD|FILM|
SCINTILLATOR|STORAGE|PHOTON_COUNTING|CCD|CMOS|AREA|SLOT|IMG_INTENSIFIER|RECTANGULAR|RECTANGLE|ROUND|CIRCULAR|POLYGONAL|
HEXAGONAL|FIXED|FOCUSED|CROSSED|RECIPROCATING|IN|STRIP|WEDGE|BUTTERFLY|MULTIPLE|FLAT|SHAPED|NEVER|BEFORE|AFTER|
GEOMETRY|FIDUCIAL|BIPED|QUADRUPED|ALIVE|SQUARE|CONTINUOUS|PULSED|RAMP|TUNGSTEN|MOLYBDENUM|RHODIUM|ALUMINUM|COPPER|
SILVER|NIOBIUM|EUROPIUM|LEAD|SILICON|TITANIUM|IRON|GADOLINIUM|IODINE|BARIUM|XENON|CARBON DIOXIDE|ULTRASOUND|PO|IV|BODY|
HEAD|EXTREMITY|SURFACE|MULTICOIL|IR|GR|EP|SK|MTC|SS|TRSS|SP|MP|OSP|PER|CG|PPG|PFF|PFP|SAT|SFS|FC|ROW|COL|COLUMN|2D|3D|
PHASE_ORDERED|SINGLE_SHOT|SEGMENTED|SINGLE|PARTIAL|FULL|SPIN|GRADIENT|STEADY_STATE|FREE_PRECESSION|TRANSVERSE|
LONGITUDINAL|ON_RESONANCE|OFF_RESONANCE|COMPOSITE|SLAB|RECTILINEAR|RADIAL|REVERSE_LINEAR|CENTRIC|REVERSE_CENTRIC|
SEGMENT|FREQUENCY|SLICE_SELECT|SLICE_AND_FREQ|SLICE_AND_PHASE|FAT|WATER|FAT_AND_WATER|SILICON_GEL|SENSE|PILS|SMASH|
BIRDCAGE|IEC|FDA|IEC_WHOLE_BODY|IEC_PARTIAL_BODY|IEC_HEAD|IEC_LOCAL|IEC_NORMAL|IEC_FIRST_LEVEL|IEC_SECOND_LEVEL|DB_DT|
ELECTRIC_FIELD|PER_NERVE_STIM|STIM|NMR|CARD_TRIG|RESP_TRIG|BREATH_HOLD|REALTIME|GATING|TRACKING|NAVIGATOR|BELT|
NASAL_PROBE|PROSPECTIVE|RETROSPECTIVE|PACED|PVC|EKG|VCG|PULSE|START_RESPIR|END_RESPIR|RELATIVE_TIME|ABSOLUTE|
DIRECTIONAL|ISOTROPIC|BMATRIX|FOURIER|FILTER_BACK_PROJ|ITERATIVE|CONSTANT_SOURCE|SWITCHING_SOURCE|SINGLE_SOURCE|
MEASURED|CALCULATED|ESTIMATED|ACQUIRED|DETECTOR|MULTI_ENERGY|PRE_CONTRAST|POST_CONTRAST|ARTERIAL|VENOUS|PORTAL_VENOUS|
DELAYED|NO_CONTRAST|CONTRAST|PLAIN|CNTS|CM2|CM2ML|PCNT|CPS|BQML|MGMINML|UMOLMINML|MLMING|MLG|1CM|UMOLML|PROPCNTS|
PROPCPS|MLMINML|MLML|GML|STDDEV|SUV|BSA|LBM|IBW|BW|LBMJAMES128|LBMJANMA|DECY|RAN|DCAL|DTIM|SCAT|ATTN|MOTN|NRGY|START|
ADMIN|SLNT|DLYD|RAND|SING|COUN|RTSB|TIME|ENERGY|DOSE|MMHG|CM|SEC|HERTZ|DB|CMS|DEG|US REGION|B_MODE|M_MODE|PW|CW|POWER|
TISSUE|SPECTRAL|HU|OD|NOT SPECIFIED|EYE|STRUCT|ALL|AC|DC|CONST POTENTIAL|SINGLE PHASE|THREE PHASE|6PULSE|12PULSE|
ADAPTIVE|ANALOG|DIGITAL|ISOCENTRIC|CARM|SMALL|LARGE|MICRO|STANDARD|NORMAL|HIGH|LOW|EXTERNAL|INTERNAL|BASIC|EXTENDED|
DEFAULT|ENABLED|DISABLED|COMPLETE|COMPLETED|VERIFIED|UNVERIFIED|IN PROGRESS|DISCONTINUED|SCHEDULED|STARTED|PRELIMINARY|
FINAL|APPROVED|UNAPPROVED|REJECTED|REMOVED|MODIFIED|UNMODIFIED|DCMR|SDM|UNALTERED|COORDINATES|IMAGE|SERIES|STUDY|
WAVEFORM|ANNOTATION|CONTAINS|HAS PROPERTIES|HAS CONCEPT MOD|HAS OBS CONTEXT|HAS ACQ CONTEXT|INFERRED FROM|
SELECTED FROM|SEPARATE|CONTAINER|TEXT|NUM|CODE|DATE|PNAME|UIDREF|SCOORD|TCOORD|POINT|MULTIPOINT|POLYLINE|CIRCLE|
ELLIPSE|INTERPOLATED|PIXEL|DISPLAY|MATRIX|CENTER|TOP|BOTTOM|MIDDLE|TRUE SIZE|SCALE TO FIT|MAGNIFY|LANDSCAPE|PORTRAIT|
PATIENT|SLIDE|BINARY|FRACTIONAL|LABELMAP|PROBABILITY|OCCUPANCY|SEMIAUTOMATIC|AUTOMATIC|RIGID|AFFINE|RIGID_SCALE|
TILED_FULL|TILED_SPARSE|BRIGHTFIELD|DARKFIELD|FLUORESCENCE|CONFOCAL|PLANAR|3D_TEMPORAL|TEMPORAL|NONPROGRESSIVE|
INCREASING|DECREASING|UNIFORM|PROTOCOL|DOSE_RATE|FLUOROSCOPY|ROTATIONAL|STEPPING|MOTION|ECG_GATED|DSA|DSA MASK|AVG_SUB|
TID|REV_TID|MASK|INTRAVASCULAR|INTRACARDIAC|LENS|CORNEA|RETINA|MACULA|HOT_IRON|HOT_METAL_BLUE|PET|PET_20_STEP|SPRING|
SUMMER|FALL|WINTER|PRODUCT|RESEARCH|SERVICE|1H|3HE|7LI|13C|19F|23NA|31P|129XE|COSINE|COSINE_SQUARED|FERMI|GAUSSIAN|
HAMMING|HANNING|LORENTZIAN|LRNTZ_GSS_TRNSFM|RIESZ|TUKEY|RF_AND_GRADIENT|COMBINATION|MLEV|WALTZ|NARROWBAND|
PSEUDOCONTINUOUS|CONTROL|M_ZERO_SCAN|ACCELERATION|VELOCITY|SLICE_FREQ_PHASE|PHASE_AND_FREQ|GRID|LINE|ELLIPSOIDAL|
WEIGHTED|STATIC FIELD|MHW|PP|PHASE_ORDERING|PHASE_RESCANNING|CORRECTION|CO2_SENSOR|MR_PHASE|SPIROMETER|EXTERNAL_MARKER|
INTERNAL_MARKER|JOINT|UNDETERMINED|END_SYSTOLE|END_DIASTOLE|SAMPLED|DISTORTED|VOLUME_RENDER|SURFACE_RENDER|CURVED_MPR|
COLOR_RANGE|COLOR_REF|MAMMOGRAPHIC|PANORAMIC|CEPHALOSTAT|NAT|POSITION|REPROJECTION|ABORTED|1PS|2PS|PCN|MSP|PARA|RING|
PINH|FANB|CONE|ASTG|DIVG|UNKN|STEP|STEP AND SHOOT|SECTOR_PHASED|SECTOR_MECH|CURVED LINEAR|ENDOCAV_LINEAR|ENDORECTAL|NS|
OR|AO|CLASSIC|YES_NO|COLUMNS|ROWS|SINGLE_VOXEL|SPECTROSCOPY|ADAPT_LAYOUT|EXPIRATION|INSPIRATION|BREATHHOLD|EVEN|ODD|
TRANSLATION|ROTATION|MODULATED|CYL_RING_PARTIAL|MULTIPLE_PLANAR|ACQ DURING STEP|CONTINUOUS TOMO|BODY_FRAME|
FEET_TO_HEAD|HEAD_TO_FEET|NORMALIZED|TO_LINEAR|TO_LOG|SLICERATE|SYSRATE|R_COEFFICIENT|TE|XY|FIBER|ANALYZED|COLLIMATED|
AEC|AUTO_FOCUS|HORIZONTAL|VERTICAL|SECTION|EXTENDED_DEPTH|MULTIPLANE|BILINEAR|CUBIC|GANTRY|TABLE|CENTRAL|PERIPHERAL|
PROGRESSIVE|BACKLIGHT|MULTI_FRAME|ANISO|CINE RATE|FLOW|BOLD|DWI|ASL|SWI|EPI|HASTE|CSA REPORT|CSA 3D|CSAPARALLEL|
CSA MIP|MPR THICK|VPCT|VRT|SSD|AVG|STD|SUM|ACR|COMPRESSED|UNSPECIFIED|POST_PROCESSED|CALIBRATED|UNCALIBRATED|
OBSTETRICAL|GYNECOLOGY|PELVIC|RETROPERITONEAL|MUSCULOSKELETAL|VASCULAR|SMALL PARTS|EPICARDIAL|TEE|TTE|ABDOMINAL|
PEDIATRIC|OPHTHALMIC|ENDOVAGINAL|TRANSCRANIAL|CARDIOLOGY|WHITE|BLACK|CSA MPR|18CMX24CM|24CMX30CM|30CMX40CM|35CMX35CM|
35CMX43CM|8INX10IN|10INX12IN|14INX14IN|14INX17IN|BIPLANE|
"""
_BODY_PARTS = """
ABDOMEN|ABDOMENPELVIS|ADRENAL|ANKLE|AORTA|AORTICARCH|ARM|AXILLA|BACK|BLADDER|BRACHIAL|BRAIN|BREAST|BRONCHUS|BUTTOCK|
CALCANEUS|CALF|CAROTID|CEREBELLUM|CERVIX|CHEEK|CHEST|CHESTABDOMEN|CHESTABDPELVIS|CIRCLEOFWILLIS|CLAVICLE|COCCYX|COLON|
CORONARYARTERY|CSPINE|CTSPINE|DUODENUM|EAR|ELBOW|ESOPHAGUS|FACE|FEMORALARTERY|FEMUR|FINGER|FOOT|FOREARM|GALLBLADDER|
HAND|HEADNECK|HEART|HIP|HUMERUS|IAC|ILEUM|ILIUM|JAW|JAWREGION|JEJUNUM|KIDNEY|KNEE|LARYNX|LEG|LIVER|LSPINE|LSSPINE|
LUMBAR|LUNG|MAXILLA|MANDIBLE|MEDIASTINUM|MOUTH|NECK|NECKCHEST|NECKCHESTABDOMEN|NECKCHESTABDPELV|NOSE|ORBIT|OVARY|
PANCREAS|PAROTID|PATELLA|PELVIS|PELVIC|PENIS|PHARYNX|PROSTATE|RADIUS|RADIUSULNA|RECTUM|RIB|RIBS|SACRUM|SCALP|SCAPULA|
SCLERA|SCROTUM|SHOULDER|SINUS|SINUSES|SIJOINT|SKULL|SPINE|SPLEEN|SSPINE|STERNUM|STOMACH|SUBMANDIBULAR|TEETH|TESTIS|
THIGH|THORAX|THUMB|THYMUS|THYROID|TIBIA|TIBIAFIBULA|FIBULA|TLSPINE|TMJ|TOE|TONGUE|TRACHEA|TSPINE|ULNA|URETER|URETHRA|
UTERUS|VAGINA|VULVA|WHOLEBODY|WHOLESPINE|WRIST|ZYGOMA|THORACIC|CERVICAL|LUMBAR SPINE|THORACIC SPINE|CERVICAL SPINE|
UPPER EXTREMITY|LOWER EXTREMITY|UPPEREXTREMITY|LOWEREXTREMITY|UP_EXM|LOW_EXM|ABDO|CHEST_TO_PELVIS|BODY PART|LEGS|ARMS|
FULL SPINE|LONG BONE|LONGBONE|NECK SOFT TISSUE|NASAL BONE|NASALBONE|HEEL|KUB|PARANASAL SINUS|OPTICCANAL|PHANTOM|
SOFT TISSUE|
"""
_TYPES = frozenset({"ImageType", "FrameType"})
_TYPE_DUMMIES = ("DERIVED", "SECONDARY", "OTHER")
_MOST_TYPE_VALUES = 12
_FEW = 8
_CODE_STRINGS = frozenset(_split(_TERMS + _BODY_PARTS))
_ORIENTATION = re.compile(r"(?!.*(?:AP|PA|RL|LR|HF|FH))[APRLHF]{1,3}")

_VENDOR_WORDS = """
ab|acuson|adac|ag|agfa|aloka|amicas|analogic|array|atl|barco|bk|bruker|canon|carestream|co|co.|co.,ltd.|company|
corp|corporation|ct|diagnostic|diagnostics|digital|dr|drtech|eastman|electric|electronics|elekta|elscint|esaote|
film|fonar|fuji|fujifilm|g.e.|ge|gehc|gendex|general|gevaert|gmbh|hcit|health|healthcare|healthcaredigital|
healthineers|hitachi|hologic|howtek|idc|imaging|inc|inc.|inphase|instrumentarium|iray|japan|k.k.|kodak|konica|
laboratories|limited|llc|lorad|ltd|ltd.|lumisys|m|marconi|mec|medical|medicor|medison|merge|mindray|minolta|mr|
n.v.|neusoft|nv|oec|offis|optical|orthoscan|oy|phantom|philips|photo|picker|planmeca|pms|rayence|samsung|scanward|
sectra|sedecal|shanghai|shimadzu|siemens|sirona|sonoscape|sonosite|swissray|system|systems|technologies|
technology|toshiba|trex|trophy|uih|ultrasound|united|varian|vidar|vieworks|villa|vision|x-ray|xray|ziehm|zonare|
"""
_MODEL_WORDS = """
achieva|aera|affinity|allura|aplio|aquarius|aquilion|artis|as|as+|avanto|axio|axiom|biograph|brightspeed|
brilliance|brivo|capture|clarity|classic|clinix|compact|compacta|confidence|cr|cx|d|definition|digital|
digitaldiagnost|dimensions|discovery|dose|dr|drive|duo|duradiagnost|edge|elan|elite|elva|emotion|epiq|espree|
essenta|essential|evo|evolution|excel|expert|explorer|express|fcr|flash|flex|force|formula|fusion|fx|genesis|go|
guardian|healthcare|horizon|icon|ingenia|ingenuity|innova|insight|inspiration|integris|intera|intuition|iq|
kodak|lightspeed|lightspeed16|logiq|lumify|luminos|lumos|magnetom|mammo|mammomat|max|medical|mobile|
mobilediagnost|mobilett|motion|multix|nova|nuance|open|optima|panorama|perform|perspective|plus|polaris|power|
precise|precision|premium|prime|prisma|pristina|pro|proteus|qx|regius|revolution|rotate|s|selenia|senographe|
senovision|sensation|signa|silver|sireskop|skyra|skyrafit|sola|solo|somatom|sonata|spectra|spectral|spirit|
symphony|symphonytim|sympony|system|systems|tim|titan|top|trio|triotim|ultra|ultrasound|vct|verio|verity|vida|
vision|visual|vivid|volume|voluson|wireless|x|xa|xario|xi|xp|xr|xt|ysio|zoom|
"""
_MODEL_NUMBER = re.compile(r"[a-z]{0,2}\d{1,3}[a-z]{0,2}\+?|\+|-|/|\d\.\dt?")
_VENDORS = frozenset(_split(_VENDOR_WORDS))
_PRODUCTS = _VENDORS | frozenset(_split(_MODEL_WORDS))
_BETWEEN_WORDS = re.compile(r"[\s_,()]+")
_KERNEL_WORDS = "A|B|BONE|BONEPLUS|C|CHST|D|DETAIL|E|EDGE|F|L|LUNG|SHARP|SMOOTH|SOFT|STANDARD|STND|U|YA|YB|YC|YD|YE"
_KERNELS = frozenset(_split(_KERNEL_WORDS))
_KERNEL = re.compile(r"[BHCSUATVI][a-z]?\d{1,2}[a-z]{0,2}|FC\d\d|FL\d\d|R\d{1,2}")
_NUMBER = re.compile(r"\d{1,3}")
_UNITS = {
    "RescaleType": "OD HU US MGML Z_EFF ED EDW HU_MOD PCT",
    "ModalityLUTType": "OD HU US MGML Z_EFF ED EDW PCT",
    "PositionReferenceIndicator": "XY SN OM IC BB SLIDE_CORNER",
}
DUMMY = "ANONYMOUS"
_DUMMIES = {"PositionReferenceIndicator": "", "StackID": "1", "RescaleType": "US", "ModalityLUTType": "US"}
_NAMES = (
    "ContentDescription|ConvolutionKernel|LUTExplanation|LUTLabel|Manufacturer|ManufacturerModelName|PulseSequenceName|"
    "SegmentAlgorithmName|SegmentLabel|SoftwareVersions"
)
TEXTS = frozenset([*_split(_NAMES), "StackID", *_UNITS])
"""Free texts without which a file breaks its own kind's rules: a known one stays, another gives way to a dummy."""


def replace_unknown_terms(keyword: str, values: list[str], most: int) -> list[str]:
    """Return a code string's values, of which `most` are allowed, without those that are no known term.

    Of an image's type each value has its place, so a term takes the place of another; of attributes with a few places,
    all values are left out when one is.
    """
    if keyword in _TYPES:
        places = enumerate(values[:_MOST_TYPE_VALUES])
        return [one if not one or one in _CODE_STRINGS else _TYPE_DUMMIES[min(place, 2)] for place, one in places]
    terms = [value for value in values if _is_known_term(keyword, value)]
    return terms if terms == values or most > _FEW else ["OTHER"] if keyword == "ContentLabel" else []


def _is_known_term(keyword: str, value: str) -> bool:
    if keyword == "PatientOrientation":
        return bool(_ORIENTATION.fullmatch(value))
    return not value or value in _CODE_STRINGS


def replace_unknown_text(keyword: str, value: str) -> str:
    """Return a text of `TEXTS` that names a product or a unit, or the dummy in place of one that may name anybody."""
    words = _BETWEEN_WORDS.split(value.strip(" _,()").lower())
    if keyword == "Manufacturer":
        is_known = all(word in _VENDORS for word in words)
    elif keyword == "ManufacturerModelName":
        others = [word for word in words if word not in _PRODUCTS]
        is_known = len(others) <= 2 and all(map(_MODEL_NUMBER.fullmatch, others))
    elif keyword == "ConvolutionKernel":
        is_known = value in _KERNELS or bool(_KERNEL.fullmatch(value))
    elif keyword == "StackID":
        is_known = bool(_NUMBER.fullmatch(value))
    else:
        is_known = value in _UNITS.get(keyword, "").split()
    return value if is_known or not value else _DUMMIES.get(keyword, DUMMY)


def is_registered_uid(uid: str) -> bool:
    """Tell whether the standard itself gave a UID out: it names a format or a kind of thing, never a person's."""
    return uid in UID_dictionary


_SCT_CODES = """
102292000 T-14668 Muscle of lower limb|102535000 F-10317 right lateral decubitus|
102536004 F-10319 left lateral decubitus|102538003 F-10450 recumbent|102539006 F-10460 semi-erect|
10904000 F-10320 standing|110517009 T-11011 Vertebral column and cranium|
110621006 T-65600 Pancreatic duct and bile duct systems|110639002 T-88920 Uterus and fallopian tubes|
110861005 T-DD163 Esophagus, stomach and duodenum|113197003 T-11300 Rib|119376003 G-8300 tissue specimen|
1217253001 - Lumbo-sacral spine|1217254007 - Sacro-coccygeal Spine|1217256009 - Thoraco-lumbar spine|
1217257000 - Cervico-thoracic spine|122494005 T-11501 Cervical spine|122495006 T-11502 Thoracic spine|
122496007 T-11503 Lumbar spine|1231522001 - Pelvis and lower extremities|1240000 F-10310 prone|
127457009 G-8310 tissue specimen from breast|13648007 T-75000 Urethra|13881006 T-11166 Zygoma|
14205002 F-10346 lithotomy|14742008 T-59000 Large intestine|14975008 T-D8500 Forearm|15776009 T-65000 Pancreas|
16953009 T-15430 Elbow joint|16982005 T-D2220 Shoulder|2095001 T-22000 Paranasal sinus|21306003 T-58400 Jejunum|
22356005 T-12340 Ilium|23242002 F-10336 knee-chest|24028007 G-A100 Right|24136001 T-15710 Hip joint|
260426006 R-40782 medial oblique|260427002 R-40783 lateral oblique|260450008 R-40799 lordotic|
260499007 R-40810 Occlusal projection|26527006 F-10349 inverse Trendelenburg|272479007 R-40888 postero-anterior|
27949001 T-15770 Tarsal joint|28231008 T-63000 Gallbladder|28273000 T-60610 Bile duct|29707007 T-D9800 Toe|
29836001 T-D2500 Hip|30021000 T-D9400 Lower leg|30315005 T-58000 Small intestine|303270005 T-50007 Liver and biliary|
30608006 T-13600 Muscle of upper limb|30730003 G-A145 Sagittal|32185000 F-10318 lateral decubitus|
32849002 T-56000 Esophagus|33586001 F-103A0 sitting|34026001 F-10316 semi-prone|34106002 F-10348 Trendelenburg|
34108001 F-10410 curled-up|34296003 F-10380 frog|34402009 T-59600 Rectum|34516001 T-58600 Ileum|
34707002 T-60600 Biliary tract|361078006 T-AB959 Internal Auditory Canal|363654007 T-D14AE Orbital|
371195002 T-D0821 Bone of upper limb|371398005 T-D0801 Eye region|38266002 T-D0010 body|38848004 T-58200 Duodenum|
39723000 T-15680 Sacroiliac joint|399004004 R-10246 oblique axial|399006002 R-10212 left posterior oblique|
399011000 R-102D1 Axillary Tail|399033003 R-10202 frontal|399038007 R-10210 right posterior oblique|
399055006 R-102D7 Spot Compression|399059000 R-10216 postero-anterior oblique|399061009 R-10241 axial|
399067008 R-102CD lateral|399071006 R-102C3 plantodorsal|399099002 R-10230 latero-medial oblique|
399101009 R-1024B cranio-caudal exaggerated medially|399110001 R-102C2 tangential|
399132005 R-10252 frontal-oblique axial|399135007 R-10220 left anterior oblique|399160007 R-10204 frontal oblique|
399161006 R-102D2 Cleavage|399162004 R-10242 cranio-caudal|399163009 R-102D6 Magnification|
399173006 R-10236 left lateral|399182000 R-102C1 oblique|399184004 R-10238 left oblique|
399188001 R-102D0 superolateral to inferomedial oblique|399192008 R-1024A cranio-caudal exaggerated laterally|
399196006 R-10244 caudo-cranial|399197002 R-102D3 Rolled Lateral|399198007 R-10232 right lateral|
399209000 R-102D5 Implant Displaced|399225005 R-10250 oblique caudo-cranial|399226006 R-102D4 Rolled Medial|
399236003 R-10234 right oblique|399242004 R-102C6 acanthioparietal|399255003 R-10256 submentovertical|
399260004 R-10224 medial-lateral|399272005 R-102C5 parietoacanthial|399288005 R-10248 oblique cranio-caudal|
399312000 R-10208 antero-posterior oblique|399316002 R-102C8 parieto-orbital|
399325008 R-10254 sagittal-oblique axial|399335002 R-102C4 dorsoplantar|399348003 R-10206 antero-posterior|
399351005 R-102C7 orbitoparietal|399352003 R-10228 latero-medial|399356000 R-40985 right anterior oblique|
399360002 R-10257 verticosubmental|399368009 R-10226 medio-lateral oblique|40199007 F-10340 supine|
40983000 T-D8200 Upper arm|41216001 T-92000 Prostate|414493004 R-102CA Rolled Inferior|
415670009 R-102C9 Rolled Superior|416152001 R-FAB53 Neck, Chest and Abdomen|
416319003 R-FAB54 Neck, Chest, Abdomen and Pelvis|416550000 R-FAB55 Chest and Abdomen|
416775004 R-FAB56 Chest, Abdomen and Pelvis|417437006 R-FAB52 Neck and Chest|421060004 T-D04FF Spine|
42575006 T-D1460 Sella turcica|431491007 T-7000B Upper urinary tract|
441555000 R-40AAA inferomedial to superolateral oblique|441752004 P2-00161 Anterior compression|
442580003 R-40AB2 Axillary tissue|442581004 R-40AB3 Nipple in profile|442593008 R-40ABE Infra-mammary fold|
44567001 T-25000 Trachea|45048000 T-D1600 Neck|45289007 T-61100 Parotid gland|4596009 T-24100 Larynx|
51185008 T-D3000 Chest|51299004 T-12310 Clavicle|51440002 G-A102 Bilateral|51845000 F-10326 anatomical|
53120007 T-D8000 Upper limb|53505006 T-59900 Anus|53620006 T-15290 Temporomandibular joint|
54019009 T-61300 Submandibular gland|54735007 T-11AD0 Sacrum|55024004 T-11102 Optic canal|55864004 F-10330 kneeling|
56459004 T-D9700 Foot|56873002 T-11210 Sternum|58742003 T-12980 Sesamoid bones of foot|59066005 T-11133 Mastoid bone|
61685007 T-D9000 Lower limb|64234005 T-12730 Patella|64688005 T-11BF0 Coccyx|66019005 T-D0300 Extremity|
661005 T-D1213 Jaw region|66459002 G-A103 Unilateral|68367000 T-D9100 Thigh|69536005 T-D1100 Head|
69695003 T-57000 Stomach|69930009 T-65010 Pancreatic duct|70258002 T-15750 Ankle joint|706342009 R-FE0C7 Phantom|
70925003 T-11170 Maxilla|71341001 T-12710 Femur|71854001 T-59300 Colon|72001000 T-12700 Bone of lower limb|
72410000 T-D3300 Mediastinum|72696002 T-D9200 Knee|74386004 T-11149 Nasal bone|74670003 T-15460 Wrist joint|
7569003 T-D8800 Finger|76505004 T-D8810 Thumb|76752008 T-04000 Breast|774007 T-D1000 Head and Neck|
7771000 G-A101 Left|7844006 T-15610 Sternoclavicular joint|79601000 T-12280 Scapula|
79741001 T-64500 Common bile duct|80144004 T-12770 Calcaneus|80891009 T-32000 Heart|816092008 - Pelvis|
816094009 - Chest|81745001 T-AA000 Eye|818981001 - Abdomen|818982008 - Abdomen and Pelvis|85050009 T-12410 Humerus|
85562004 T-D8700 Hand|85856004 T-15420 Acromioclavicular joint|86598002 T-280A0 Apex of Lung|
87068006 F-10390 stooped-over|87342007 T-12750 Fibula|87953007 T-73000 Ureter|89546000 T-11100 Skull|
89837001 T-74000 Bladder|91397008 T-11196 Facial bones|91609006 T-11180 Mandible|955009 T-26000 Bronchus|
"""
_DICOM = """
109100 Synthesizing Equipment|109101 Acquisition Equipment|109102 Processing Equipment|109103 Modifying Equipment|
109104 De-identifying Equipment|109105 Frame Extracting Equipment|109106 Enhanced Multi-frame Conversion Equipment|
113040 Lossy Compression|113042 Pixel by pixel addition|113046 Pixel by pixel division|113047 Pixel by pixel mask|
113048 Pixel by pixel Maximum|113049 Pixel by pixel mean|113050 Metabolite Maps from spectroscopy data|
113051 Pixel by pixel Minimum|113053 Pixel by pixel multiplication|113062 Pixel by pixel subtraction|
113072 Multiplanar reformatting|113073 Curved multiplanar reformatting|113074 Volume rendering|
113075 Surface rendering|113076 Segmentation|113077 Volume editing|113078 Maximum intensity projection|
113079 Minimum intensity projection|113085 Spatial resampling|113086 Edge enhancement|113087 Smoothing|
113088 Gaussian blur|113089 Unsharp mask|113090 Image stitching|
113091 Spatially-related frames extracted from the volume|
113092 Temporally-related frames extracted from the set of volumes|113093 Polar to Rectangular Scan Conversion|
113097 Multi-energy proportional weighting|113100 Basic Application Confidentiality Profile|
113101 Clean Pixel Data Option|113102 Clean Recognizable Visual Features Option|113103 Clean Graphics Option|
113104 Clean Structured Content Option|113105 Clean Descriptors Option|
113106 Retain Longitudinal Temporal Information Full Dates Option|
113107 Retain Longitudinal Temporal Information Modified Dates Option|113108 Retain Patient Characteristics Option|
113109 Retain Device Identity Option|113110 Retain UIDs Option|113111 Retain Safe Private Option|
113112 Retain Institution Identity Option|113130 Predecessor containing group of imaging subjects|
113131 Extraction of individual subject from group|121320 Uncompressed predecessor|
121321 Mask image for image processing operation|121322 Source image for image processing operation|
121329 Source image for montage|121330 Lossy compressed predecessor|121358 For Processing predecessor|
"""
_UNIT_CODES = """
% Percent|/cm /Centimeter|Bq/ml Becquerels/milliliter|[hnsf'U] Hounsfield unit|cm2 Centimeter**2|
cm2/ml Centimeter**2/milliliter|cm2/ml{SUVbsa} Standardized Uptake Value body surface area|
g/ml{SUVbw} Standardized Uptake Value body weight|g/ml{SUVibw} Standardized Uptake Value ideal body weight|
g/ml{SUVlbm(James128)} Standardized Uptake Value lean body mass (James 128 multiplier)|
g/ml{SUVlbm(Janma)} Standardized Uptake Value lean body mass (Janma)|
g/ml{SUVlbm} Standardized Uptake Value lean body mass (James)|mg/min/ml Milligrams/minute/milliliter|
ml/g Milliliter/gram|ml/min/g Milliliter/minute/gram|umol/min/ml Micromole/minute/milliliter|
umol/ml Micromole/milliliter|{counts} Counts|{counts}/s Counts per second|{propcounts} Proportional to counts|
{propcounts}/s Proportional to counts per second|mm Millimetre|cm Centimetre|mL Millilitre|ms Millisecond|s Second|
kV Kilovolt|mGy Milligray|HU Hounsfield unit|[hnsf'U] Hounsfield unit|1 No units|
"""
"""Codes and meanings of the context groups of part 16 for regions, views, sides, modifiers, units and derivations; of
SNOMED also the code of before 2018."""

_BEFORE_SCT = frozenset({"SRT", "SNM3", "99SDM"})
"""SNOMED's codes had letters until 2018, and lie under these names in older files."""

UNKNOWN_CODE = ("261665006", "SCT", "Unknown")
"""Takes the place of a code that is not known: what has to be coded still is."""


def find_code(value: str, scheme: str) -> tuple[str, str, str] | None:
    """Return value, scheme and published meaning of a code, or None if it is not among those that are known."""
    meaning = _meanings().get(("SRT" if scheme in _BEFORE_SCT else scheme, value))
    return (value, scheme, meaning) if meaning else None


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """Return the meaning of each code, by scheme and value."""
    by_code = {UNKNOWN_CODE[1::-1]: UNKNOWN_CODE[2]}
    for entry in _split(_SCT_CODES):
        value, before, meaning = entry.split(" ", 2)
        by_code[("SCT", value)] = meaning
        if before != "-":
            by_code[("SRT", before)] = meaning
    for scheme, entries in (("DCM", _DICOM), ("UCUM", _UNIT_CODES)):
        for entry in _split(entries):
            value, _, meaning = entry.partition(" ")
            by_code[(scheme, value)] = meaning
    for vocabulary in (PARTS, VIEWS, SIDES):  # what a model is chosen by is in the copy as well
        for value, names in vocabulary.codes.items():
            by_code.setdefault(("SCT" if value.isdecimal() else "SRT", value), names[0].capitalize())
    return by_code
